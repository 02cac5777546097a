// The name and version that records and result files carry.

/** Kept equal to package.json by a test. */
export const softwareVersion = 'BioNER Lab 0.1.0';
