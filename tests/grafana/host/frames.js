// A panel's targets, asked of Prometheus as Grafana's data source asks, then its transformations.
import { FieldType, toDataFrame, transformDataFrame } from '@grafana/data';
import { lastValueFrom } from 'rxjs';

const filled = (text, variables) => text.replace(/\$\{?(\w+)\}?/g, (whole, name) => variables[name] ?? whole);
const named = (legend, labels) => legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => labels[name] ?? '');

export async function framesOf(panel, prometheus, variables, range, widthPx) {
  const targets = panel.targets ?? [];
  const asked = targets.map((target) => framesOfTarget(target, prometheus, variables, range, stepOf(panel, range, widthPx)));
  const frames = (await Promise.all(asked)).flat();
  if (panel.type === 'table' && targets.length > 1) {
    frames.forEach((frame) => { frame.fields.at(-1).name = `Value #${frame.refId}`; });
  }
  return panel.transformations?.length ? lastValueFrom(transformDataFrame(panel.transformations, frames)) : frames;
}

function stepOf(panel, range, widthPx) {
  const least = parseFloat(panel.interval ?? '15');
  return Math.max(least, Math.ceil((range.to - range.from) / 1000 / widthPx));
}

async function framesOfTarget(target, prometheus, variables, range, step) {
  const query = encodeURIComponent(filled(target.expr, variables));
  const path = target.instant
    ? `query?query=${query}&time=${range.to / 1000}`
    : `query_range?query=${query}&start=${Math.floor(range.from / 1000 / step) * step}&end=${range.to / 1000}&step=${step}`;
  const answer = await (await fetch(`${prometheus}/api/v1/${path}`)).json();
  if (answer.status !== 'success') {
    throw new Error(`${target.expr}: ${answer.error}`);
  }
  const { result } = answer.data;
  return target.format === 'table' ? [tableOf(target, result)] : result.map((series) => seriesOf(target, series));
}

function tableOf(target, result) {
  const labels = [...new Set(result.flatMap(({ metric }) => Object.keys(metric)))].filter((name) => name !== '__name__').sort();
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: result.map(({ value }) => value[0] * 1000), config: {} },
      ...labels.map((name) => ({ name, type: FieldType.string, values: result.map(({ metric }) => metric[name] ?? ''), config: {} })),
      { name: 'Value', type: FieldType.number, values: result.map(({ value }) => parseFloat(value[1])), config: {} },
    ],
  });
}

function seriesOf(target, { metric, value, values = [value] }) {
  const { __name__, ...labels } = metric;
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: values.map(([at]) => at * 1000), config: {} },
      { name: 'Value', type: FieldType.number, labels, values: values.map(([, number]) => parseFloat(number)), config: { displayNameFromDS: named(target.legendFormat, metric) } },
    ],
  });
}
