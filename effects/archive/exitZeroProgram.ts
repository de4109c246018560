import { SwarmError } from '../../core/errors';

/** Machine code of `exit(0)` by the kernel's own call, and the machine's number in ELF. */
const programs: Readonly<Record<string, { readonly machine: number; readonly code: string }>> = {
  amd64: {
    machine: 62, // EM_X86_64
    code: [
      '31ff', // xor edi, edi      status 0
      'b83c000000', // mov eax, 60   __NR_exit
      '0f05', // syscall
    ].join(''),
  },
  arm64: {
    machine: 183, // EM_AARCH64
    code: [
      '000080d2', // mov x0, #0    status 0
      'a80b80d2', // mov x8, #93   __NR_exit
      '010000d4', // svc #0
    ].join(''),
  },
};

const fileHeaderSize = 64;
const programHeaderSize = 56;
/** Where the file is mapped; a multiple of every page size (arm64 has pages of up to 64 KiB). */
const loadAddress = 0x400000n;

/**
 * A static Linux program that ends at once with exit code 0: the smallest thing that proves that
 * containers start, and that needs no toolchain and no registry.
 *
 * @param architecture as the engine names it: `amd64` or `arm64`.
 * @throws SwarmError `ContainerCheckUnsupported`.
 */
export function exitZeroProgram(architecture: string): Buffer {
  const program = programs[architecture];
  if (program === undefined) {
    throw new SwarmError(
      'ContainerCheckUnsupported',
      `container check: there is no check program for ${architecture}; whether containers start there cannot be proven; known are ${Object.keys(programs).join(', ')}`,
      { source: 'user' },
    );
  }
  const code = Buffer.from(program.code, 'hex');
  const codeOffset = fileHeaderSize + programHeaderSize;
  const size = BigInt(codeOffset + code.length);

  const file = Buffer.alloc(codeOffset);
  file.write('\x7fELF', 0, 'latin1');
  file.writeUInt8(2, 4); // 64 bit
  file.writeUInt8(1, 5); // little endian
  file.writeUInt8(1, 6); // ELF version
  file.writeUInt16LE(2, 16); // ET_EXEC: an executable at a fixed address
  file.writeUInt16LE(program.machine, 18);
  file.writeUInt32LE(1, 20); // ELF version
  file.writeBigUInt64LE(loadAddress + BigInt(codeOffset), 24); // entry point
  file.writeBigUInt64LE(BigInt(fileHeaderSize), 32); // program headers begin here
  file.writeUInt16LE(fileHeaderSize, 52);
  file.writeUInt16LE(programHeaderSize, 54);
  file.writeUInt16LE(1, 56); // one program header

  const segment = file.subarray(fileHeaderSize);
  segment.writeUInt32LE(1, 0); // PT_LOAD
  segment.writeUInt32LE(5, 4); // readable and executable
  segment.writeBigUInt64LE(0n, 8); // from the beginning of the file
  segment.writeBigUInt64LE(loadAddress, 16);
  segment.writeBigUInt64LE(loadAddress, 24);
  segment.writeBigUInt64LE(size, 32); // bytes in the file
  segment.writeBigUInt64LE(size, 40); // bytes in memory
  segment.writeBigUInt64LE(0x10000n, 48); // alignment
  return Buffer.concat([file, code]);
}
