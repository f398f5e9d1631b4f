// What is inside a panel, by its type. The options are those that Grafana's panel plugins pass to the same components.
import { applyFieldOverrides, cacheFieldDisplayNames, dateTime, getDisplayValueAlignmentFactors, getFieldDisplayValues, renderTextPanelMarkdown } from '@grafana/data';
import { BarGauge, BigValue, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';

// What Grafana's time series panel fills in where a dashboard says nothing.
export const LINE_DEFAULTS = {
  drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, fillOpacity: 0, gradientMode: 'none', spanNulls: false,
  insertNulls: false, showPoints: 'auto', pointSize: 5, stacking: { mode: 'none', group: 'A' }, axisPlacement: 'auto',
  axisLabel: '', axisColorMode: 'text', axisBorderShow: false, scaleDistribution: { type: 'linear' },
  axisCenteredZero: false, hideFrom: { tooltip: false, viz: false, legend: false }, thresholdsStyle: { mode: 'off' },
};

const verbatim = (text) => text;

function configOf(panel) {
  const said = panel.fieldConfig?.defaults ?? {};
  const isLines = panel.type === 'timeseries';
  const color = { mode: isLines ? 'palette-classic' : 'thresholds' };
  const custom = isLines ? { ...LINE_DEFAULTS, ...said.custom } : said.custom;
  return { overrides: panel.fieldConfig?.overrides ?? [], defaults: { color, ...said, custom } };
}

function Numbers({ panel, fieldConfig, data, width, height, theme }) {
  const { options, type } = panel;
  const getValues = () =>
    getFieldDisplayValues({ fieldConfig, reduceOptions: options.reduceOptions, replaceVariables: verbatim, theme, data, sparkline: false, timeZone: 'browser' });
  const shared = (value, count, alignmentFactors) => ({
    theme, text: options.text, alignmentFactors: count > 1 || type === 'stat' ? alignmentFactors : undefined, value: value.display,
  });
  return (
    <VizRepeater
      getValues={getValues} source={data} renderCounter={0} width={width} height={height} orientation={options.orientation}
      autoGrid={type === 'stat'} itemSpacing={type === 'bargauge' ? 8 : 3} minVizHeight={options.minVizHeight}
      minVizWidth={options.minVizWidth} maxVizHeight={options.maxVizHeight}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, width, height, alignmentFactors, count, orientation }) =>
        type === 'stat' ? (
          <BigValue {...shared(value, count, alignmentFactors)} count={count} colorMode={options.colorMode} graphMode={options.graphMode}
            justifyMode={options.justifyMode} disableWideLayout={!options.wideLayout} textMode={options.textMode} width={width} height={height} />
        ) : (
          <BarGauge {...shared(value, count, alignmentFactors)} width={width} height={height} orientation={orientation} field={value.field}
            display={value.view?.getFieldDisplayProcessor?.(value.colIndex)} itemSpacing={8} lcdCellWidth={12} displayMode={options.displayMode}
            showUnfilled={options.showUnfilled} valueDisplayMode={options.valueMode} namePlacement={options.namePlacement} isOverflow={false} />
        )
      }
    />
  );
}

export function Drawing({ panel, frames, range, width, height, theme }) {
  if (panel.type === 'text') {
    return <div className="markdown-html" dangerouslySetInnerHTML={{ __html: renderTextPanelMarkdown(panel.options.content) }} />;
  }
  if (!frames.length) {
    return <div data-nothing>{panel.fieldConfig?.defaults?.noValue ?? 'No data'}</div>;
  }
  const fieldConfig = configOf(panel);
  const data = applyFieldOverrides({ data: frames, fieldConfig, replaceVariables: verbatim, theme, timeZone: 'browser' });
  cacheFieldDisplayNames(data);
  if (panel.type === 'timeseries') {
    const timeRange = { from: dateTime(range.from), to: dateTime(range.to), raw: { from: 'a', to: 'b' } };
    return <TimeSeries frames={data} width={width} height={height} timeZone="browser" options={panel.options} legend={panel.options.legend} timeRange={timeRange} />;
  }
  if (panel.type === 'table') {
    return <TableNG data={data[0]} width={width} height={height} cellHeight={panel.options.cellHeight} sortBy={panel.options.sortBy}
      noValue={fieldConfig.defaults.noValue} fieldConfig={fieldConfig} enableVirtualization={false} />;
  }
  return <Numbers panel={panel} fieldConfig={fieldConfig} data={data} width={width} height={height} theme={theme} />;
}
