/** Prompt compression with a small language model; docs/REQUESTS.md of pith. */

export interface LoadOptions {
  /** Of products with weights: "auto" (the default), "f32", "int16", ... */
  precision?: string;
}

export interface CompressOptions {
  /** Share of the tokens that stay, above 0 and at most 1; 0.5. */
  rate?: number;
  /** What the prompt asks; it stays whole, and decides what matters. */
  question?: string;
  /** "spans" (the default): runs of words; "paper": LLMLingua as published. */
  method?: "spans" | "paper";
  /** Kinds of text that stay, with commas between them: numbers, negations,
   * urls, ids, code, markup or all. */
  protect?: string;
  /** Called from within compress(), with the passes of the model done so far. */
  progress?: ((done: number, total: number) => void) | null;
}

/** A word, or what else stays or goes as a whole. */
export interface Unit {
  text: string;
  /** Bytes [start, end) of the prompt in UTF-8. */
  start: number;
  end: number;
  /** Mean loss of its tokens, in nats, or with a question what "spans" makes of
   * it; null: white space alone, or it was not scored. */
  loss: number | null;
  kept: boolean;
  /** A space that the prompt does not have is before it in the result. */
  space: boolean;
}

export interface Compressed {
  text: string;
  /** In tokens of the model. */
  originTokens: number;
  compressedTokens: number;
  /** What the caller should know, one line. */
  note: string | null;
  /** The prompt's, in its order; blank lines between paragraphs are in none. */
  units: Unit[];
}

export interface Pith {
  /** Compresses a prompt as `pith compress -r RATE FILE` does.  Computes in the
   * calling thread; other rates for the same prompt take milliseconds.  Throws
   * an Error with one line that says what was wrong. */
  compress(prompt: string, options?: CompressOptions): Compressed;

  /** Answers a request of docs/REQUESTS.md, all of whose options it takes;
   * gives its "result", and throws an Error with its "error". */
  request(request: object): any;

  /** The precision in use. */
  precision(): string;

  /** Gives the model's memory back to the module; only load() may follow. */
  unload(): void;

  /** Another model in place of this one. */
  load(bytes: Uint8Array, options?: LoadOptions): void;
}

/** A model, from the name of a .pith file or its bytes. */
export function load(model: string | Uint8Array,
                     options?: LoadOptions): Promise<Pith>;
