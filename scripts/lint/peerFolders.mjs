// Folders of peers: files of the same kind behind one interface, where a short file is not a fragment.

/** A folder is identified by its name, at any path. */
export const peerFolders = [
  { name: 'formats', reason: 'one file a format, or a step that formats share' },
  { name: 'kernels', reason: 'kernels of the GPU by what they compute' },
  { name: 'charts', reason: 'one file a chart' },
  { name: 'weights', reason: 'one file a format of weights' },
  { name: 'questions', reason: 'queries by subject, without what answers them' },
  { name: 'storage', reason: 'one file a kind of record; a thread that reads one kind loads no other schemas' },
  { name: 'parts', reason: 'one file a control of the page' },
  { name: 'workers', reason: 'one file a thread, a server or a platform' },
  { name: 'families', reason: 'one file a family of encoders' },
];
