// Draws one dashboard with Grafana's own components, as its kiosk mode does, once:
// ?dashboard=sales-lead&prometheus=http://…&var-tenant=acme
import React from 'react';
import { createRoot } from 'react-dom/client';
import { createTheme, ThemeContext } from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import { Drawing } from './drawing.jsx';
import { framesOf } from './frames.js';
import { register } from './registry.js';

const COLUMNS = 24;
const ROW_PX = 30;
const GAP_PX = 8;
const MARGIN_PX = 16;
const FONT_WEIGHTS = [400, 500];

const theme = createTheme({ colors: { mode: 'dark' } });
const asked = new URLSearchParams(location.search);
const variables = Object.fromEntries([...asked].filter(([name]) => name.startsWith('var-')).map(([name, value]) => [name.slice(4), value]));

function boxOf({ x, y, w, h }) {
  const column = (window.innerWidth - 2 * MARGIN_PX - GAP_PX * (COLUMNS - 1)) / COLUMNS;
  return {
    left: x * (column + GAP_PX),
    top: y * (ROW_PX + GAP_PX),
    width: w * column + (w - 1) * GAP_PX,
    height: h * ROW_PX + (h - 1) * GAP_PX,
  };
}

class Guard extends React.Component {
  state = {};
  static getDerivedStateFromError(error) {
    return { error };
  }
  render() {
    return this.state.error ? <pre data-broken>{String(this.state.error.stack)}</pre> : this.props.children;
  }
}

function Panel({ panel, frames, range }) {
  const box = boxOf(panel.gridPos);
  return (
    <div data-panel={panel.title} style={{ position: 'absolute', ...box }}>
      <PanelChrome title={panel.title} description={panel.description} width={box.width} height={box.height}>
        {(width, height) => (
          <Guard><Drawing panel={panel} frames={frames} range={range} width={width} height={height} theme={theme} /></Guard>
        )}
      </PanelChrome>
    </div>
  );
}

// Components measure their texts before they lay them out, and remember: the fonts have to be there first, as in Grafana.
async function fontsLoaded() {
  let faces = [];
  while (faces.length < FONT_WEIGHTS.length) {
    await new Promise(requestAnimationFrame);
    faces = (await Promise.all(FONT_WEIGHTS.map((weight) => document.fonts.load(`${weight} 16px Inter`)))).flat();
  }
}

async function draw() {
  await initPluginTranslations('grafana');
  register();
  const dashboard = await (await fetch(`dashboards/${asked.get('dashboard')}.json`)).json();
  const range = { to: Date.now(), from: Date.now() - Number(asked.get('hours') ?? 24) * 3_600_000 };
  const filled = await Promise.all(
    dashboard.panels.map(async (panel) => ({
      panel,
      frames: await framesOf(panel, asked.get('prometheus'), variables, range, boxOf(panel.gridPos).width),
    })),
  );
  const height = Math.max(...dashboard.panels.map(({ gridPos }) => (gridPos.y + gridPos.h) * (ROW_PX + GAP_PX)));
  const root = createRoot(document.getElementById('root'));
  root.render(<ThemeContext.Provider value={theme}><GlobalStyles /></ThemeContext.Provider>);
  await fontsLoaded();
  root.render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={{ position: 'relative', margin: MARGIN_PX, height, color: theme.colors.text.primary }}>
        {filled.map(({ panel, frames }) => <Panel key={panel.id} panel={panel} frames={frames} range={range} />)}
      </div>
    </ThemeContext.Provider>,
  );
  document.body.dataset.drawn = String(filled.length);
}

draw();
