// Table 3 of the paper: test F1 of other systems beside its own, on six of the sub-tasks.

export interface OtherSystem {
  readonly system: string;
  /** Percent, by id of the sub-task; null where the paper gives none. */
  readonly f1: Readonly<Record<string, number | null>>;
}

/** The last two are the paper's; the slicing rate of MTL-LS was chosen on devel. STL of BC2GM differs from Table 1 (82.22). */
export const OTHER_SYSTEMS: readonly OtherSystem[] = [
  {
    system: 'Crichton et al. (CNN, multi-task)',
    f1: {
      'BC5CDR:chemical': 89.22,
      'BC5CDR:disease': 80.46,
      'BC2GM:gene': 73.04,
      'BC4CHEMD:chemical': 82.95,
      'NCBI-disease:disease': 80.46,
      'LINNAEUS:species': 83.98,
    },
  },
  {
    system: 'Yoon et al. (CollaboNet, BiLSTM-CRF)',
    f1: {
      'BC5CDR:chemical': 93.31,
      'BC5CDR:disease': 84.08,
      'BC2GM:gene': 79.73,
      'BC4CHEMD:chemical': 88.85,
      'NCBI-disease:disease': 86.36,
      'LINNAEUS:species': null,
    },
  },
  {
    system: 'Lee et al. (BioBERT)',
    f1: {
      'BC5CDR:chemical': 93.44,
      'BC5CDR:disease': 86.56,
      'BC2GM:gene': 84.4,
      'BC4CHEMD:chemical': 91.41,
      'NCBI-disease:disease': 89.36,
      'LINNAEUS:species': 89.81,
    },
  },
  {
    system: 'BERT',
    f1: {
      'BC5CDR:chemical': 91.16,
      'BC5CDR:disease': 82.41,
      'BC2GM:gene': 81.79,
      'BC4CHEMD:chemical': 90.04,
      'NCBI-disease:disease': 85.63,
      'LINNAEUS:species': 87.6,
    },
  },
  {
    system: 'PubMedBERT',
    f1: {
      'BC5CDR:chemical': 93.33,
      'BC5CDR:disease': 85.62,
      'BC2GM:gene': 84.52,
      'BC4CHEMD:chemical': null,
      'NCBI-disease:disease': 87.82,
      'LINNAEUS:species': null,
    },
  },
  {
    system: 'HunFlair',
    f1: {
      'BC5CDR:chemical': null,
      'BC5CDR:disease': null,
      'BC2GM:gene': null,
      'BC4CHEMD:chemical': null,
      'NCBI-disease:disease': 88.65,
      'LINNAEUS:species': null,
    },
  },
  {
    system: 'STL',
    f1: {
      'BC5CDR:chemical': 93.36,
      'BC5CDR:disease': 86.44,
      'BC2GM:gene': 82.52,
      'BC4CHEMD:chemical': 91.7,
      'NCBI-disease:disease': 88.26,
      'LINNAEUS:species': 88.56,
    },
  },
  {
    system: 'Proposed (MTL-LS)',
    f1: {
      'BC5CDR:chemical': 93.83,
      'BC5CDR:disease': 87.28,
      'BC2GM:gene': 82.92,
      'BC4CHEMD:chemical': 92.42,
      'NCBI-disease:disease': 89.25,
      'LINNAEUS:species': 86.37,
    },
  },
];
