import {
  AreaSeries,
  LineSeries,
  LineStyle,
  type IChartApi,
  type ISeriesApi,
} from 'lightweight-charts';
import { useEffect, useMemo, useState } from 'react';

import { equityPoints, holdPoints } from '@/features/portfolio/curves';
import { useChart, type ChartColours } from '@/hooks/use-chart';
import type { EquityCurve } from '@/lib/api/types';
import { formatMoney } from '@/lib/format';

interface Lines {
  chart: IChartApi;
  equity: ISeriesApi<'Area'>;
  hold: ISeriesApi<'Line'>;
}

function addLines(chart: IChartApi, colours: ChartColours): Lines {
  const equity = chart.addSeries(AreaSeries, {
    lineColor: colours.accent,
    topColor: `${colours.accent}33`,
    bottomColor: `${colours.accent}05`,
    lineWidth: 2,
    priceLineVisible: false,
  });
  const hold = chart.addSeries(LineSeries, {
    color: colours.soft,
    lineStyle: LineStyle.Dashed,
    lineWidth: 1,
    priceLineVisible: false,
    lastValueVisible: false,
  });
  return { chart, equity, hold };
}

interface EquityChartProps {
  curve: EquityCurve;
  /** Starting cash, quote currency. */
  cash: number;
}

/** Equity over time, and what holding would have given. */
export function EquityChart({ curve, cash }: EquityChartProps) {
  const [element, drawn] = useChart();
  const [lines, setLines] = useState<Lines | null>(null);
  const equity = useMemo(() => equityPoints(curve), [curve]);
  const hold = useMemo(() => holdPoints(curve, cash), [curve, cash]);

  useEffect(() => {
    setLines(drawn && addLines(drawn.chart, drawn.colours));
  }, [drawn]);
  useEffect(() => {
    if (!lines) return;
    lines.equity.setData(equity);
    lines.hold.setData(hold);
    lines.chart.timeScale().fitContent();
  }, [lines, equity, hold]);

  return (
    <figure>
      <div ref={element} data-testid="equity-chart" className="h-44" />
      <figcaption className="sr-only">
        {`Equity from ${formatMoney(equity[0]?.value)} to ${formatMoney(equity.at(-1)?.value)}; buy and hold would be at ${formatMoney(hold.at(-1)?.value)}.`}
      </figcaption>
    </figure>
  );
}
