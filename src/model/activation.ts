// The activations that feed-forward blocks may have, by the names Hugging Face gives them.

/** `gelu` by the error function, `gelu_new` by the tanh approximation that the XLNet release trains with, or `relu`. */
export const ACTIVATIONS = ['gelu', 'gelu_new', 'relu'] as const;
export type Activation = (typeof ACTIVATIONS)[number];
