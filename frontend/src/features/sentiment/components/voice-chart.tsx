import {
  BaselineSeries,
  HistogramSeries,
  LineSeries,
  type IChartApi,
  type ISeriesApi,
} from 'lightweight-charts';
import { useEffect, useState } from 'react';

import type { Curves } from '@/features/sentiment/curves';
import { useChart, type ChartColours } from '@/hooks/use-chart';
import { priceDigits } from '@/lib/format';

interface Lines {
  chart: IChartApi;
  price: ISeriesApi<'Line'>;
  vote: ISeriesApi<'Baseline'>;
  level: ISeriesApi<'Line'>;
  items: ISeriesApi<'Histogram'>;
}

// From −1 to +1 whatever the values are: a vote of 0.02 must look as small as it is.
const scale = () => ({ priceRange: { minValue: -1, maxValue: 1 } });

function addLines(chart: IChartApi, colours: ChartColours): Lines {
  const plain = { priceLineVisible: false, lastValueVisible: true };
  const price = chart.addSeries(LineSeries, { ...plain, color: colours.text, lineWidth: 1 });
  const vote = chart.addSeries(
    BaselineSeries,
    {
      ...plain,
      baseValue: { type: 'price', price: 0 },
      topLineColor: colours.up,
      topFillColor1: `${colours.up}40`,
      topFillColor2: `${colours.up}10`,
      bottomLineColor: colours.down,
      bottomFillColor1: `${colours.down}10`,
      bottomFillColor2: `${colours.down}40`,
      lineWidth: 2,
      autoscaleInfoProvider: scale,
    },
    1,
  );
  const level = chart.addSeries(
    LineSeries,
    {
      ...plain,
      lastValueVisible: false,
      color: colours.accent,
      lineWidth: 1,
      autoscaleInfoProvider: scale,
    },
    1,
  );
  const items = chart.addSeries(
    HistogramSeries,
    { ...plain, lastValueVisible: false, color: `${colours.soft}90`, priceFormat: { type: 'volume' } },
    2,
  );
  [4, 3, 1].forEach((factor, pane) => chart.panes()[pane]?.setStretchFactor(factor));
  return { chart, price, vote, level, items };
}

/** Price, vote and level, and texts per bar, one below the other. */
export function VoiceChart({ curves, caption }: { curves: Curves; caption: string }) {
  const [element, drawn] = useChart();
  const [lines, setLines] = useState<Lines | null>(null);

  useEffect(() => {
    setLines(drawn && addLines(drawn.chart, drawn.colours));
  }, [drawn]);
  useEffect(() => {
    if (!lines) return;
    const precision = priceDigits(curves.price.at(-1)?.value ?? 0);
    lines.price.applyOptions({ priceFormat: { type: 'price', precision, minMove: 10 ** -precision } });
    lines.price.setData(curves.price);
    lines.vote.setData(curves.vote);
    lines.level.setData(curves.level);
    lines.items.setData(curves.items);
    lines.chart.timeScale().fitContent();
  }, [lines, curves]);

  return (
    <figure>
      <div ref={element} data-testid="voice-chart" className="h-96" />
      <figcaption className="sr-only">{caption}</figcaption>
    </figure>
  );
}

/** What the lines are. */
export function VoiceLegend() {
  return (
    <ul className="flex flex-wrap gap-x-3 gap-y-1 px-3 pt-2 text-xs text-soft">
      <li>above: close</li>
      <li>
        middle: vote, <span className="text-up">above</span> or <span className="text-down">below</span> zero; no line in
        silence
      </li>
      <li><span className="text-accent">thin: level</span> of 24 hours</li>
      <li>below: texts first seen in each bar</li>
    </ul>
  );
}
