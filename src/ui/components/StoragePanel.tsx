// How much room the lab's data takes, and whether the browser may clear it.
import { useEffect, useState } from 'react';
import { format } from '../format.ts';
import { useLab } from '../useLab.ts';
import { Button } from './Button.tsx';
import { Meter } from './Meter.tsx';
import { RoomTable } from './RoomTable.tsx';

export function StoragePanel() {
  const { state } = useLab();
  const [persistence, setPersistence] = useState<'unknown' | 'kept' | 'clearable' | 'refused'>('unknown');
  useEffect(() => {
    let wanted = true;
    // Absent outside a secure context.
    void navigator.storage?.persisted().then((kept) => wanted && setPersistence(kept ? 'kept' : 'clearable'));
    return () => {
      wanted = false;
    };
  }, []);
  const request = async () => setPersistence((await navigator.storage.persist()) ? 'kept' : 'refused');
  const { usage } = state;
  return (
    <div className="storage">
      {usage === null ? (
        <p className="soft">The space used is not known yet.</p>
      ) : (
        <>
          <p>
            <strong>{format.bytes(usage.usedBytes)}</strong> used
            {usage.quotaBytes === null ? '' : ` of the ${format.bytes(usage.quotaBytes)} this browser allows`}.
          </p>
          {usage.quotaBytes !== null && <Meter label="Storage used" done={usage.usedBytes} total={usage.quotaBytes} />}
        </>
      )}
      <p aria-live="polite">
        {persistence === 'kept' && 'The browser keeps this data until you remove it.'}
        {persistence === 'clearable' && 'The browser may clear this data when the disk runs short.'}
        {persistence === 'refused' &&
          'The browser did not agree to keep the data. Bookmark or install this page and ask again, and export what matters.'}
      </p>
      {(persistence === 'clearable' || persistence === 'refused') && (
        <Button onAct={request}>Keep data on this device</Button>
      )}
      <RoomTable />
    </div>
  );
}
