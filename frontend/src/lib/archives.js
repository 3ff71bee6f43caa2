// @ts-check
/** What the service can unpack. */
export const ARCHIVE_TYPES = ['.zip', '.tar', '.tar.gz', '.tgz', '.tar.zst'];

/** @param {string} name */
export const isArchive = (name) => ARCHIVE_TYPES.some((type) => name.toLowerCase().endsWith(type));

/** A name for the dataset in an archive. @param {string} name */
export function nameOfArchive(name) {
  const type = ARCHIVE_TYPES.find((end) => name.toLowerCase().endsWith(end));
  return (type ? name.slice(0, -type.length) : name).normalize('NFC') || name;
}

/** The first archive among dropped files; a file of another kind is for the service to refuse by name. @param {ArrayLike<File>} files */
export const archiveIn = (files) =>
  Array.from(files).find((file) => isArchive(file.name)) ?? files[0] ?? null;
