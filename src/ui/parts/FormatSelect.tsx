// Chooses the format that predictions or tagged documents are saved in.
import { annotationFormats, type AnnotationFormat } from '../../data/documents/document.ts';
import type { PredictionFormat } from '../../lab/state/labState.ts';

export interface FormatSelectProps<Format extends PredictionFormat> {
  readonly label: string;
  readonly formats: readonly Format[];
  readonly value: Format;
  readonly onChange: (format: Format) => void;
}

const WITH_GOLD = 'CoNLL, gold and predicted';

export const documentFormats: readonly AnnotationFormat[] = annotationFormats;
export const predictionFormats: readonly PredictionFormat[] = ['rows', ...annotationFormats];

export function FormatSelect<Format extends PredictionFormat>(props: FormatSelectProps<Format>) {
  const { label, formats, value, onChange } = props;
  return (
    <label className="inline-field">
      {label}{' '}
      <select
        value={value}
        onChange={(event) => onChange(formats.find((format) => format === event.target.value) ?? value)}
      >
        {formats.map((format) => (
          <option key={format} value={format}>
            {format === 'rows' ? WITH_GOLD : format}
          </option>
        ))}
      </select>
    </label>
  );
}
