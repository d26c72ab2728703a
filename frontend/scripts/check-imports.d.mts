export function breach(importer: string, imported: string): string | null;
export function breaches(importer: string, text: string): string[];
