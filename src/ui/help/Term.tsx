// Explains a term of the glossary where it occurs: its definition appears on hover, focus or tap.
import { lazy, Suspense, useEffect, useId, useRef, useState, type PointerEvent } from 'react';
import type { TermName } from './helpTexts.ts';
import './help.css';

/** Loads with the first definition that somebody wants to see. */
const DefinitionPopup = lazy(async () => ({ default: (await import('./HelpDrawer.tsx')).DefinitionPopup }));

/** Long enough for a pointer that only passes, and for the way from a term to its definition. */
const HOVER_MS = 200;

interface TermProps {
  readonly name: TermName;
  /** What the page says, where it is not the term as it is in the glossary. */
  readonly children?: string;
}

/** A stop of the Tab key, so one for each term and area of a page is enough. */
export function Term({ name, children = name }: TermProps) {
  const [isOpen, setIsOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const id = useId();

  const after = (wait: number, open: boolean): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setIsOpen(open), wait);
  };
  const hover = (event: PointerEvent, open: boolean): void => {
    if (event.pointerType === 'mouse') after(HOVER_MS, open);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (!isOpen) return;
    const close = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      // Closes the definition alone, not the dialog that it may be in.
      event.stopPropagation();
      setIsOpen(false);
    };
    document.addEventListener('keydown', close, true);
    return () => document.removeEventListener('keydown', close, true);
  }, [isOpen]);

  return (
    <>
      <button
        ref={button}
        type="button"
        className="term"
        aria-describedby={isOpen ? id : undefined}
        onPointerEnter={(event) => hover(event, true)}
        onPointerLeave={(event) => hover(event, false)}
        onFocus={(event) => {
          if (event.currentTarget.matches(':focus-visible')) after(0, true);
        }}
        onBlur={() => after(0, false)}
        onClick={() => after(0, true)}
      >
        {children}
      </button>
      {isOpen && (
        <Suspense>
          <DefinitionPopup name={name} id={id} anchor={button} onHover={hover} />
        </Suspense>
      )}
    </>
  );
}
