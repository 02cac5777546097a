// Hands a value to the person as a JSON file.
import { saveFile } from './saveFile.ts';

export function downloadJson(fileName: string, value: unknown): void {
  saveFile(fileName, new Blob([JSON.stringify(value, null, 2)], { type: 'application/json' }));
}
