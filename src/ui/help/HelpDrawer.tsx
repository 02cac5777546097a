// The Help drawer, what the page is for, its usual steps and keys, and definitions of the glossary: all in a list, or one beside its term.
import { Dialog } from '@base-ui/react/dialog';
import { Tooltip } from '@base-ui/react/tooltip';
import { useState, type PointerEvent, type RefObject } from 'react';
import type { Route } from '../shared/route.ts';
import './help.css';
import { commonKeys, glossary, guideOf, searchGlossary, type KeyLine, type TermName } from './helpTexts.ts';

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

// Shows definitions of the glossary: one beside its term, or all in a list with a search.

interface DefinitionPopupProps {
  readonly name: TermName;
  readonly id: string;
  /** The term that it floats beside. */
  readonly anchor: RefObject<HTMLElement | null>;
  /** Keeps it open while the pointer is over it. */
  readonly onHover: (event: PointerEvent, open: boolean) => void;
}

export function DefinitionPopup({ name, id, anchor, onHover }: DefinitionPopupProps) {
  return (
    <Tooltip.Root open>
      {/* In the page's main part: assistive technology looks for content in landmarks. */}
      <Tooltip.Portal container={document.getElementById('main')}>
        <Tooltip.Positioner
          anchor={anchor}
          sideOffset={6}
          align="start"
          collisionPadding={8}
          className="definition-position"
        >
          <Tooltip.Popup
            id={id}
            role="tooltip"
            className="definition"
            onPointerEnter={(event) => onHover(event, true)}
            onPointerLeave={(event) => onHover(event, false)}
          >
            <strong>{name}</strong> {glossary[name]}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

export function GlossaryList() {
  const [text, setText] = useState('');
  const found = searchGlossary(text);
  return (
    <section className="stack" aria-labelledby="glossary-title">
      <h3 id="glossary-title">Glossary</h3>
      <div className="field">
        <label htmlFor="glossary-search">Search the glossary</label>
        <input id="glossary-search" type="search" value={text} onChange={(event) => setText(event.target.value)} />
      </div>
      <p className="visually-hidden" role="status">
        {text.trim() === '' ? '' : `${found.length} of ${Object.keys(glossary).length} terms`}
      </p>
      {found.length === 0 && <p className="soft">No term has “{text.trim()}”.</p>}
      <dl className="glossary">
        {found.map((name) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{glossary[name]}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
