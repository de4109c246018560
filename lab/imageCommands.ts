import { cachedImages, createLab, ensureImage, findImage } from '../effects/labMachines';
import { defaultDirectories, imagesDirectory } from '../effects/labMachines/layout';

/** Prints each OS with its image, and images of earlier recipes. */
export async function listImages(print: (line: string) => void): Promise<number> {
  const current = new Set<string>();
  for (const os of createLab().images) {
    const image = await findImage(os);
    if (image !== undefined) current.add(image.identity);
    print(`${os.padEnd(12)} ${image?.directory ?? 'not built (`npm run lab -- images build`)'}`);
  }
  for (const identity of await cachedImages()) {
    if (!current.has(identity)) {
      print(`${'earlier'.padEnd(12)} ${imagesDirectory(defaultDirectories)}/${identity}`);
    }
  }
  return 0;
}

/** Builds every image that is missing. */
export async function buildImages(print: (line: string) => void): Promise<number> {
  for (const os of createLab().images) {
    const image = await ensureImage(os, print);
    print(`${os.padEnd(12)} ${image.directory}`);
  }
  return 0;
}
