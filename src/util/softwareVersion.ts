// The name and version written to records and result files.

/** A test keeps it equal to package.json. */
export const softwareVersion = 'BioNER Lab 0.1.0';
