// The Help drawer: what the page is for, its usual steps and keys, and the glossary.
import { Dialog } from '@base-ui/react/dialog';
import { useState } from 'react';
import type { Route } from '../shared/route.ts';
import { GlossaryList } from './Definitions.tsx';
import { commonKeys, guideOf, type KeyLine } from './guides.ts';
import './help.css';

/** Whether the key `?` opens Help. */
export interface HelpKey {
  readonly isOn: () => boolean;
  readonly set: (isOn: boolean) => void;
}

interface HelpDrawerProps {
  readonly helpKey: HelpKey;
  readonly page: Route['page'];
  readonly isOpen: boolean;
  readonly onOpen: (isOpen: boolean) => void;
}

/** Beside the page, which stays usable: its steps can be followed while they are read. */
export function HelpDrawer({ page, helpKey, isOpen, onOpen }: HelpDrawerProps) {
  const guide = guideOf(page);
  return (
    <Dialog.Root open={isOpen} onOpenChange={onOpen} modal={false} disablePointerDismissal>
      <Dialog.Portal>
        <Dialog.Popup className="help-drawer">
          <div className="title-row">
            <Dialog.Title>Help</Dialog.Title>
            <Dialog.Close className="button quiet">Close</Dialog.Close>
          </div>
          <section className="stack" aria-labelledby="guide-title">
            <h3 id="guide-title">{guide.title}</h3>
            <p>{guide.purpose}</p>
            <ol className="guide-steps">
              {guide.steps.map((step) => (
                <li key={step}>{step}</li>
              ))}
            </ol>
            <p>
              <a href={`./docs/${guide.page}.html`} target="_blank" rel="noreferrer">
                More about this page
              </a>{' '}
              ·{' '}
              <a href="./docs/index.html" target="_blank" rel="noreferrer">
                All documentation
              </a>
            </p>
          </section>
          <section className="stack" aria-labelledby="keys-title">
            <h3 id="keys-title">Keys</h3>
            <KeyList lines={[...commonKeys, ...guide.keys]} />
            <HelpKeySwitch helpKey={helpKey} />
          </section>
          <GlossaryList />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Lists keys with their effects. */
function KeyList({ lines }: { readonly lines: readonly KeyLine[] }) {
  return (
    <dl className="keys">
      {lines.map(([keys, effect]) => (
        <div key={effect}>
          <dt>
            {keys.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{effect}</dd>
        </div>
      ))}
    </dl>
  );
}

/** For people whose speech input or hands press keys that they did not mean (WCAG 2.1.4). */
function HelpKeySwitch({ helpKey }: { readonly helpKey: HelpKey }) {
  const [isOn, setIsOn] = useState(helpKey.isOn);
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={isOn}
        onChange={(event) => {
          helpKey.set(event.target.checked);
          setIsOn(event.target.checked);
        }}
      />{' '}
      The key ? opens Help
    </label>
  );
}
