// Asks which columns of rows are meant where several are plausible, and reads the files again with the answer.
import type { RunRecord } from '../../schema/runRecord.ts';
import { LabError } from '../../util/labError.ts';
import type { DroppedFile } from '../../util/namedFile.ts';
import type { DropReading } from '../../wire/readingProtocol.ts';
import type { ColumnQuestion, Lab } from '../state/labState.ts';
import { phaseProgress, type LabStore } from '../state/labStore.ts';
import type { Corpora } from './corpora.ts';
import type { FileReader } from './fileReader.ts';

interface ColumnQuestionsParts {
  readonly labStore: LabStore;
  readonly reader: FileReader;
  readonly corpora: Corpora;
}

/** What a question is about, to be read again. */
interface QuestionSource {
  readonly files: readonly DroppedFile[];
  readonly group: string;
}

/** The questions of the lab; the lab passes `choose` and `dismiss` on as they are. */
export class ColumnQuestions {
  private readonly parts: ColumnQuestionsParts;
  private readonly sources = new Map<number, QuestionSource>();
  private lastId = 0;

  constructor(parts: ColumnQuestionsParts) {
    this.parts = parts;
  }

  /** Adds a question for each group of rows that can be read in more than one way, or was refused for its columns. */
  ask(reading: Pick<DropReading, 'corpora' | 'refused'>, files: readonly DroppedFile[]): void {
    const asked = new Map<string, Omit<ColumnQuestion, 'id'>>();
    for (const { id, name, group, survey } of reading.corpora) {
      if (survey === null || survey.doubts.length === 0) continue;
      const corpusIds = [...(asked.get(group)?.corpusIds ?? []), id];
      asked.set(group, { name, corpusIds, survey });
    }
    for (const { name, group, survey } of reading.refused) {
      if (survey !== null) asked.set(group, { name, corpusIds: [], survey });
    }
    for (const [group, question] of asked) {
      const id = ++this.lastId;
      this.sources.set(id, { files, group });
      this.change((questions) => [...questions, { ...question, id }]);
    }
  }

  readonly choose: Lab['chooseColumns'] = async (questionId, choice) => {
    const { labStore, reader, corpora } = this.parts;
    const question = labStore.getState().columnQuestions.find(({ id }) => id === questionId);
    const source = this.sources.get(questionId);
    if (question === undefined || source === undefined) {
      throw new LabError('corpus/question', 'These files are no longer there: drop them again.');
    }
    const replaced = question.corpusIds.filter((id) => this.isReplaceable(id));
    const context = corpora.dropContext(false, { only: source.group, choices: new Map([[source.group, choice]]) }, replaced); // prettier-ignore
    const reading = await labStore.during(`Reading ${question.name} again`, ({ report, signal }) =>
      reader.readDrop(source.files, context, { signal, report: phaseProgress(report) }),
    );
    const ids = corpora.show(reading, false);
    if (ids.length === 0) return [];
    for (const id of replaced) if (!ids.includes(id)) await corpora.remove(id);
    this.dismiss(questionId);
    return ids;
  };

  readonly dismiss: Lab['dismissColumns'] = (questionId) => {
    this.sources.delete(questionId);
    this.change((questions) => questions.filter(({ id }) => id !== questionId));
  };

  private change(change: (questions: readonly ColumnQuestion[]) => readonly ColumnQuestion[]): void {
    this.parts.labStore.update(({ columnQuestions }) => ({ columnQuestions: change(columnQuestions) }));
  }

  /** Returns whether a corpus read before is still there and no run needs it. */
  private isReplaceable(corpusId: string): boolean {
    const isNeeded = ({ spec }: RunRecord): boolean => spec.tasks.some(({ corpus }) => corpus.id === corpusId);
    const { runs, corpora } = this.parts.labStore.getState();
    return corpora.some(({ id }) => id === corpusId) && !runs.some(({ record }) => isNeeded(record));
  }
}
