// The way from dropped or chosen files into the lab, shared by the whole window and every drop zone.
import { createContext, useContext } from 'react';
import type { DroppedFile } from '../lab/labState.ts';

export type BringIn = (files: () => Promise<readonly DroppedFile[]>) => void;

export const BringInContext = createContext<BringIn>(() => undefined);

export function useBringIn(): BringIn {
  return useContext(BringInContext);
}
