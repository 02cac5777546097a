// Shows definitions of the glossary: one beside its term, or all in a list with a search.
import { Tooltip } from '@base-ui/react/tooltip';
import { useState, type PointerEvent, type RefObject } from 'react';
import { glossary, searchGlossary, type TermName } from './glossary.ts';

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
