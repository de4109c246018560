export { createLab, type LabOptions } from './labMachines';
export { cachedImages, ensureImage, findImage, type LabImage } from './images';
