import {
  CandlestickSeries,
  createSeriesMarkers,
  HistogramSeries,
  LineSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import { useEffect, useMemo, useState } from 'react';

import { appended, signalDots, toCandles, toChartTime, type Candle } from '@/features/market/series';
import { useChart, type ChartColours } from '@/hooks/use-chart';
import type { Bars } from '@/lib/api/types';
import { formatPrice, priceDigits } from '@/lib/format';
import type { Mark } from '@/lib/marks';

const PIXELS_PER_BAR = 9;

/** Return a trade as the chart draws it: an arrow with its word. */
export function toArrow(mark: Mark, colours: Pick<ChartColours, 'up' | 'down'>): SeriesMarker<Time> {
  const time = toChartTime(mark.time);
  return mark.side === 'BUY'
    ? { time, position: 'belowBar', color: colours.up, shape: 'arrowUp', text: 'BUY', size: 1.3 }
    : { time, position: 'aboveBar', color: colours.down, shape: 'arrowDown', text: 'SELL', size: 1.3 };
}

function addDots(chart: IChartApi, color: string): ISeriesApi<'Line'> {
  return chart.addSeries(LineSeries, {
    color,
    lineVisible: false,
    pointMarkersVisible: true,
    pointMarkersRadius: 2,
    crosshairMarkerVisible: false,
    lastValueVisible: false,
    priceLineVisible: false,
  });
}

class PriceSeries {
  private readonly prices: ISeriesApi<'Candlestick'>;
  private readonly volumes: ISeriesApi<'Histogram'>;
  private readonly arrows: ISeriesMarkersPluginApi<Time>;
  private readonly dots: Record<Mark['side'], ISeriesApi<'Line'>>;
  private last: UTCTimestamp | null = null;

  constructor(
    private readonly chart: IChartApi,
    private readonly colours: ChartColours,
  ) {
    const { up, down, panel, soft } = colours;
    this.prices = chart.addSeries(CandlestickSeries, {
      upColor: panel,
      borderUpColor: up,
      wickUpColor: up,
      downColor: down,
      borderDownColor: down,
      wickDownColor: down,
      priceLineColor: soft,
    });
    this.dots = { BUY: addDots(chart, up), SELL: addDots(chart, down) };
    this.volumes = chart.addSeries(
      HistogramSeries,
      { priceFormat: { type: 'volume' }, priceLineVisible: false, lastValueVisible: false },
      1,
    );
    chart.panes()[0]?.setStretchFactor(5);
    chart.panes()[1]?.setStretchFactor(1);
    this.arrows = createSeriesMarkers(this.prices, []);
  }

  draw(candles: readonly Candle[]): void {
    const news = appended(this.last, candles);
    if (news === null) this.replace(candles);
    else {
      for (const candle of news) {
        this.prices.update(candle);
        this.volumes.update(this.volume(candle));
      }
    }
    this.last = candles.at(-1)?.time ?? null;
  }

  mark(marks: readonly Mark[], candles: readonly Candle[]): void {
    const trades = marks.filter(({ kind }) => kind === 'trade');
    this.arrows.setMarkers(trades.map((mark) => toArrow(mark, this.colours)));
    for (const side of ['BUY', 'SELL'] as const) {
      this.dots[side].setData(signalDots(marks, candles, side));
    }
  }

  private replace(candles: readonly Candle[]): void {
    const precision = priceDigits(candles.at(-1)?.close ?? 0);
    this.prices.applyOptions({
      priceFormat: { type: 'price', precision, minMove: 10 ** -precision },
    });
    this.prices.setData([...candles]);
    this.volumes.setData(candles.map((candle) => this.volume(candle)));
    const shown = Math.max(30, Math.round(this.chart.timeScale().width() / PIXELS_PER_BAR));
    const to = candles.length + 3;
    this.chart.timeScale().setVisibleLogicalRange({ from: to - shown, to });
  }

  private volume({ time, open, close, volume }: Candle) {
    const color = (close >= open ? this.colours.up : this.colours.down) + '80';
    return { time, value: volume, color };
  }
}

interface PriceChartProps {
  bars: Bars;
  marks: readonly Mark[];
}

/** Candles with volume, trades and signals. */
export function PriceChart({ bars, marks }: PriceChartProps) {
  const [element, drawn] = useChart();
  const [series, setSeries] = useState<PriceSeries | null>(null);
  const candles = useMemo(() => toCandles(bars), [bars]);

  useEffect(() => {
    setSeries(drawn && new PriceSeries(drawn.chart, drawn.colours));
  }, [drawn]);
  useEffect(() => series?.draw(candles), [series, candles]);
  useEffect(() => series?.mark(marks, candles), [series, marks, candles]);

  const trades = marks.filter((mark) => mark.kind === 'trade').length;
  const close = candles.at(-1)?.close;
  return (
    <figure>
      <div ref={element} data-testid="price-chart" className="h-80 lg:h-96" />
      <figcaption className="sr-only">
        {`${bars.symbol} ${bars.timeframe}: ${candles.length} bars, last close ${formatPrice(close)}, ${trades} trades and ${marks.length - trades} signals marked.`}
      </figcaption>
    </figure>
  );
}

/** What the signs on the chart mean. */
export function PriceLegend() {
  return (
    <ul className="flex flex-wrap gap-x-3 gap-y-1">
      <li>
        <span className="text-up">▲ BUY</span> · <span className="text-down">▼ SELL</span> trade
      </li>
      <li>
        <span className="text-up">●</span> below: BUY signal, <span className="text-down">●</span> above: SELL
        signal
      </li>
      <li>hollow bar: rose, filled: fell</li>
    </ul>
  );
}
