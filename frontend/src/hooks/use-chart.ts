import {
  ColorType,
  createChart,
  CrosshairMode,
  type ChartOptions,
  type DeepPartial,
  type IChartApi,
} from 'lightweight-charts';
import { useEffect, useRef, useState, type RefObject } from 'react';

import { useColorScheme } from '@/hooks/use-color-scheme';

/** The page's colours as a canvas needs them. */
export interface ChartColours {
  panel: string;
  line: string;
  text: string;
  soft: string;
  accent: string;
  up: string;
  down: string;
  warn: string;
}

const NAMES = ['panel', 'line', 'text', 'soft', 'accent', 'up', 'down', 'warn'] as const;

function readColours(): ChartColours {
  const style = getComputedStyle(document.documentElement);
  const pairs = NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()] as const);
  return Object.fromEntries(pairs) as unknown as ChartColours;
}

function chartOptions(colours: ChartColours): DeepPartial<ChartOptions> {
  return {
    autoSize: true,
    layout: {
      background: { type: ColorType.Solid, color: colours.panel },
      textColor: colours.soft,
      fontFamily: getComputedStyle(document.body).fontFamily,
      panes: { separatorColor: colours.line },
      // The library's makers are named in the footer; their own logo would need an inline style.
      attributionLogo: false,
    },
    grid: { vertLines: { visible: false }, horzLines: { color: colours.line } },
    crosshair: { mode: CrosshairMode.Normal },
    rightPriceScale: { borderColor: colours.line },
    timeScale: { borderColor: colours.line, timeVisible: true, secondsVisible: false },
  };
}

export interface DrawnChart {
  chart: IChartApi;
  colours: ChartColours;
}

/** A chart in the returned element, in the system's colours; null until it is on the page. */
export function useChart(): [RefObject<HTMLDivElement | null>, DrawnChart | null] {
  const element = useRef<HTMLDivElement>(null);
  const scheme = useColorScheme();
  const [drawn, setDrawn] = useState<DrawnChart | null>(null);

  useEffect(() => {
    if (!element.current) return;
    const colours = readColours();
    const chart = createChart(element.current, chartOptions(colours));
    setDrawn({ chart, colours });
    return () => {
      setDrawn(null);
      chart.remove();
    };
  }, [scheme]);

  return [element, drawn];
}
