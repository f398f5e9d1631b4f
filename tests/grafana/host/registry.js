// What Grafana registers at its start and the panels here need: field options without their editors, transformations.
import { standardFieldConfigEditorRegistry, standardTransformers, standardTransformersRegistry } from '@grafana/data';

import { LINE_DEFAULTS } from './drawing.jsx';

const verbatim = (value) => value;
const option = (id, path = id, more = {}) => ({
  id, path, name: id, description: '', editor: () => null, override: () => null, process: verbatim, shouldApply: () => true, ...more,
});
const ofPanels = (path) => option(`custom.${path}`, path, { isCustom: true });

export function register() {
  const plain = ['unit', 'min', 'max', 'decimals', 'displayName', 'noValue', 'fieldMinMax', 'thresholds', 'mappings', 'links', 'color'];
  const custom = ['cellOptions', 'width', 'align', ...Object.keys(LINE_DEFAULTS)];
  standardFieldConfigEditorRegistry.setInit(() => [...plain.map((id) => option(id)), ...custom.map(ofPanels)]);
  const known = new Map(Object.values(standardTransformers).filter((each) => each?.id).map((each) => [each.id, each]));
  standardTransformersRegistry.setInit(() =>
    [...known.values()].map((each) => ({ id: each.id, name: each.name, transformation: async () => each, editor: () => null, aliasIds: [] })),
  );
}
