// The look shared by all charts, in terms of the theme.

const tick = { fill: 'var(--ink-soft)', fontSize: 11 };

export const chartStyle = {
  margin: { top: 8, right: 12, bottom: 4, left: 0 },
  grid: { stroke: 'var(--line)', vertical: false },
  axis: { tick, stroke: 'var(--line-strong)', tickLine: false, minTickGap: 24 },
  yAxis: { tick, width: 48, axisLine: false, tickLine: false },
  tooltip: {
    isAnimationActive: false,
    contentStyle: {
      background: 'var(--paper)',
      border: '1px solid var(--line-strong)',
      borderRadius: 4,
      padding: '6px 10px',
      fontSize: 12,
    },
    labelStyle: { color: 'var(--ink-soft)' },
    itemStyle: { color: 'var(--ink)', padding: 0 },
  },
} as const;
