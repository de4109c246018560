import { localFiles as real } from '../../../effects/localFiles';
import type { LocalFiles } from '../../../effects/effects';

/** This computer's files are no part of the fake: what a test writes into a temporary folder is read as it is. */
export const localFiles: LocalFiles = real;
