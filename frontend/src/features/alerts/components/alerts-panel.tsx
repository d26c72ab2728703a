import { useAlerts } from '@/features/alerts/api/get-alerts';
import { useMarkAlertRead, useMarkAllAlertsRead } from '@/features/alerts/api/mark-alert-read';
import { Empty, Panel } from '@/components/panel';
import { useFailure } from '@/hooks/use-failure';
import type { Alert } from '@/lib/api/types';
import { formatTime } from '@/lib/format';

function AlertRow({ alert }: { alert: Alert }) {
  const read = useMarkAlertRead();
  return (
    <li className="flex items-start gap-3 px-3 py-2">
      <div className="min-w-0 flex-1">
        <p className={`text-sm break-words ${alert.is_read ? 'text-soft' : 'font-semibold'}`}>
          {alert.message}
        </p>
        <p className="text-xs text-soft tabular-nums">
          {alert.level !== 'info' && <strong className="text-text">{alert.level} · </strong>}
          {(alert.alert_type ?? 'note').toLowerCase()} · {formatTime(alert.timestamp)} UTC
          {!alert.is_read && ' · new'}
        </p>
        {read.isError && (
          <p role="alert" className="text-xs text-down">
            Not marked. {read.error.message}
          </p>
        )}
      </div>
      {!alert.is_read && (
        <button
          type="button"
          className="button"
          disabled={read.isPending}
          onClick={() => read.mutate(alert.alert_id)}
        >
          Mark read
        </button>
      )}
    </li>
  );
}

function Unread({ count }: { count: number }) {
  const all = useMarkAllAlertsRead();
  return (
    <span className="flex items-center gap-2">
      {all.isError ? `Not marked. ${all.error.message}` : `${count} unread`}
      {count > 0 && (
        <button type="button" className="button" disabled={all.isPending} onClick={() => all.mutate()}>
          Mark all read
        </button>
      )}
    </span>
  );
}

export function AlertsPanel({ className = '' }: { className?: string }) {
  const alerts = useAlerts();
  const unread = alerts.data?.filter((alert) => !alert.is_read).length ?? 0;
  return (
    <Panel
      title="Latest alerts"
      aside={alerts.data && <Unread count={unread} />}
      failure={useFailure(alerts)}
      updatedAt={alerts.dataUpdatedAt}
      onRetry={() => void alerts.refetch()}
      className={className}
    >
      {alerts.data?.length === 0 && (
        <Empty>No alerts yet. They appear when the trader opens or closes a position.</Empty>
      )}
      <ul className="max-h-64 divide-y divide-line overflow-y-auto">
        {alerts.data?.map((alert) => <AlertRow key={alert.alert_id} alert={alert} />)}
      </ul>
    </Panel>
  );
}
