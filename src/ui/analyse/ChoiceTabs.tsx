// Choices side by side, each with how many rows it would leave.
import { format } from '../format.ts';

export interface ChoiceTabsProps<Choice extends string> {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly words: Readonly<Record<Choice, string>>;
  /** Null until they are known. */
  readonly counts: Readonly<Record<Choice, number>> | null;
  readonly chosen: Choice;
  readonly onChoose: (choice: Choice) => void;
}

export function ChoiceTabs<Choice extends string>(props: ChoiceTabsProps<Choice>) {
  const { label, choices, words, counts, chosen, onChoose } = props;
  return (
    <div role="group" aria-label={label} className="tabs">
      {choices.map((choice) => (
        <button key={choice} type="button" aria-pressed={choice === chosen} onClick={() => onChoose(choice)}>
          {words[choice]} {counts !== null && <span className="faint">{format.count(counts[choice])}</span>}
        </button>
      ))}
    </div>
  );
}
