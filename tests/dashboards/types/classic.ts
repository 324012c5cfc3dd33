// A classic dashboard as it stands in its file, by the types that Grafana publishes. test_types.py writes each dashboard
// as a literal of type ClassicDashboard: a name or a value that Grafana does not know is an error then.

import type {
  AnnotationQuery,
  Dashboard,
  DataQuery,
  FieldConfig,
  FieldConfigSource,
  Panel,
  RowPanel,
  TableFieldOptions,
  VariableModel,
} from "@grafana/schema";
import type * as BarGauge from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen.d.ts";
import type * as Stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts";
import type * as StateTimeline from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen.d.ts";
import type * as Table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.d.ts";
import type * as Text from "@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen.d.ts";
import type * as TimeSeries from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts";

/** In a file, the members of an enumeration are their values. */
type Plain<T> = T extends string
  ? `${T}`
  : T extends number | boolean | null | undefined
    ? T
    : T extends readonly (infer Item)[]
      ? Plain<Item>[]
      : T extends object
        ? { [Key in keyof T]: Plain<T[Key]> }
        : T;

/** What @grafana/schema does not have: the queries of Grafana's own data source for Prometheus. */
interface PrometheusQuery extends Omit<DataQuery, "datasource"> {
  datasource?: { type: "prometheus"; uid: string };
  editorMode?: "code" | "builder";
  expr: string;
  format?: "time_series" | "table";
  instant?: boolean;
  interval?: string;
  legendFormat?: string;
  range?: boolean;
}

interface PrometheusAnnotation extends AnnotationQuery<PrometheusQuery> {
  expr: string;
  step?: string;
  tagKeys?: string;
  textFormat?: string;
  titleFormat?: string;
  useValueForTime?: boolean;
}

/** Grafana leaves options and custom fields open, for they are the plugins'. What is left out gets the plugin's default. */
interface PanelOf<Type extends string, Options, Custom>
  extends Omit<Panel, "fieldConfig" | "options" | "targets" | "type"> {
  type: Type;
  options?: Partial<Options>;
  fieldConfig?: Omit<FieldConfigSource, "defaults"> & {
    defaults: Omit<FieldConfig, "custom"> & { custom?: Partial<Custom> };
  };
  targets?: PrometheusQuery[];
}

type AnyPanel =
  | PanelOf<"bargauge", BarGauge.Options, Record<string, never>>
  | PanelOf<"stat", Stat.Options, Record<string, never>>
  | PanelOf<"state-timeline", StateTimeline.Options, StateTimeline.FieldConfig>
  | PanelOf<"table", Table.Options, TableFieldOptions>
  | PanelOf<"text", Text.Options, Record<string, never>>
  | PanelOf<"timeseries", TimeSeries.Options, TimeSeries.FieldConfig>;

type AnyRow = Omit<RowPanel, "panels"> & { panels: AnyPanel[] };

export type ClassicDashboard = Plain<
  Omit<Dashboard, "annotations" | "panels" | "templating"> & {
    annotations: { list: PrometheusAnnotation[] };
    panels: (AnyPanel | AnyRow)[];
    templating: { list: (VariableModel & { definition?: string })[] };
  }
>;
