/** Environment variable that names the file of the fake world. */
export const worldFileVariable = 'BENCH_WORLD';
/** Environment variable that names the file into which the provider writes what it used. */
export const usageFileVariable = 'BENCH_USAGE';
