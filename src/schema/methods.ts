// Names the training methods and says what each one means: what a run of it trains on, and what it starts from.
import * as z from '../util/zod.ts';

/** In the order of lists and tables. */
export const methodSchema = z.enum(['STL', 'MTL-XC', 'MTL-LS', 'MTL-PL', 'PL-LS', 'AIO', 'AIO-LS', 'CollaboNet']);
export type Method = z.infer<typeof methodSchema>;

export const METHODS: readonly Method[] = methodSchema.options;

/** Those of the paper. */
export const PAPER_METHODS: readonly Method[] = ['STL', 'MTL-XC', 'MTL-LS'];

interface MethodTraits {
  /**
   * What one run trains: `single` one task, from pretrained weights; `joint` all tasks of a category under one head; `sliced` one task, with
   * lower layers from a joint run and upper ones from pretraining; `collaborating` one task, from its own single run, reading what those of the
   * category's other tasks compute.
   */
  readonly kind: 'single' | 'joint' | 'sliced' | 'collaborating';
  /** The joint method whose run a sliced one starts from, or the single one of a collaborating one; null for the others. */
  readonly base: Method | null;
  /**
   * The types of a run's tags: `own` those of its task; `merged` one for the mentions of all tasks, the type name of the category; `partial`
   * those of all tasks, where a token outside the mentions of a corpus may have any type that the corpus does not annotate; `asked` those of
   * all tasks, where such a token is outside the type that the text asks for.
   */
  readonly labels: 'own' | 'merged' | 'partial' | 'asked';
  /** Whether the type asked for is written before and after each text. */
  readonly asks: boolean;
}

const TRAITS: Readonly<Record<Method, MethodTraits>> = {
  STL: { kind: 'single', base: null, labels: 'own', asks: false },
  'MTL-XC': { kind: 'joint', base: null, labels: 'merged', asks: false },
  'MTL-LS': { kind: 'sliced', base: 'MTL-XC', labels: 'own', asks: false },
  'MTL-PL': { kind: 'joint', base: null, labels: 'partial', asks: false },
  'PL-LS': { kind: 'sliced', base: 'MTL-PL', labels: 'own', asks: false },
  AIO: { kind: 'joint', base: null, labels: 'asked', asks: true },
  'AIO-LS': { kind: 'sliced', base: 'AIO', labels: 'own', asks: true },
  CollaboNet: { kind: 'collaborating', base: 'STL', labels: 'own', asks: false },
};

export function traitsOf(method: Method): MethodTraits {
  return TRAITS[method];
}

export function isJoint(method: Method): boolean {
  return TRAITS[method].kind === 'joint';
}

export function isSliced(method: Method): boolean {
  return TRAITS[method].kind === 'sliced';
}

/** Whether a run reads those of its category's other tasks, which are fixed meanwhile (Yoon et al. 2019). */
export function isCollaborating(method: Method): boolean {
  return TRAITS[method].kind === 'collaborating';
}

/** The type name that all mentions of a run have, which is that of its category; null where they keep their own. */
export function mergedTypeName({
  method,
  category,
}: {
  readonly method: Method;
  readonly category: { readonly typeName: string } | null;
}): string | null {
  return TRAITS[method].labels === 'merged' ? (category?.typeName ?? null) : null;
}

/** Whether each task of a run needs one type: the one that its mentions are merged under, or that its text asks for. */
export function needsOneType(method: Method): boolean {
  return TRAITS[method].labels === 'merged' || TRAITS[method].asks;
}

/** Whether every run has a single task and starts from pretrained weights: such a plan needs no category. */
export function areSingle(methods: readonly Method[]): boolean {
  return methods.every((method) => TRAITS[method].kind === 'single');
}

/** Whether runs of single tasks are trained: STL, or what starts from it. */
export function trainsSingle(methods: readonly Method[]): boolean {
  return methods.some((method) => TRAITS[method].kind === 'single' || isCollaborating(method));
}

/** The joint methods that these methods train, those included that only sliced ones need, in order. */
export function jointMethods(methods: readonly Method[]): readonly Method[] {
  return METHODS.filter(
    (method) => isJoint(method) && methods.some((other) => other === method || TRAITS[other].base === method),
  );
}
