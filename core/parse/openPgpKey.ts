/** One packet of an OpenPGP message (RFC 9580, section 4.2). */
interface Packet {
  readonly tag: number;
  readonly body: Buffer;
}

const publicKey = 6;
/** Signatures, user IDs, attributes, subkeys, and markers: what belongs to a public key. */
const partsOfKey: readonly number[] = [2, 10, 12, 13, 14, 17];

/**
 * What the fingerprint of an armored public key is the SHA-1 of: exactly one key of version 4, with its
 * user IDs, signatures and subkeys, and nothing else.
 *
 * @returns the bytes, or the sentence that says why the text is no such key.
 */
export function fingerprintedBytes(armored: string): Buffer | string {
  const blocks = [...armored.matchAll(/^-----BEGIN PGP [A-Z ]{1,40}-----\r?$/gm)];
  const block =
    /^-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[A-Za-z]+: [^\n]*\n)*\r?\n([A-Za-z0-9+/\r\n]+={0,2})\r?\n(?:=[A-Za-z0-9+/]{4}\r?\n)?-----END PGP PUBLIC KEY BLOCK-----\r?$/m.exec(
      armored,
    );
  // A second block would be trusted with the first, and nobody asked whose it is.
  if (blocks.length !== 1 || block?.[1] === undefined) return 'it is no single public key in armor';
  const packets = readPackets(Buffer.from(block[1].replace(/\s/g, ''), 'base64'));
  if (packets === undefined) return 'its packets are damaged';
  const [first, ...rest] = packets;
  if (first?.tag !== publicKey) return 'it does not begin with a public key';
  if (rest.some(({ tag }) => tag === publicKey)) return 'it holds more than one key';
  if (!rest.every(({ tag }) => partsOfKey.includes(tag))) return 'it holds more than a public key';
  if (first.body[0] !== 4) return `its key is of version ${String(first.body[0])}, and 4 is known`;
  const length = Buffer.alloc(3);
  length.writeUInt8(0x99);
  length.writeUInt16BE(first.body.length, 1);
  return Buffer.concat([length, first.body]);
}

/** All packets; undefined when one of them does not end where it says. */
function readPackets(bytes: Buffer): readonly Packet[] | undefined {
  const packets: Packet[] = [];
  let at = 0;
  while (at < bytes.length) {
    const header = readHeader(bytes, at);
    if (header === undefined || header.end > bytes.length) return undefined;
    packets.push({ tag: header.tag, body: bytes.subarray(header.start, header.end) });
    at = header.end;
  }
  return packets;
}

function readHeader(
  bytes: Buffer,
  at: number,
): { readonly tag: number; readonly start: number; readonly end: number } | undefined {
  const first = bytes[at] ?? 0;
  if ((first & 0x80) === 0) return undefined;
  const isNew = (first & 0x40) !== 0;
  const tag = isNew ? first & 0x3f : (first >> 2) & 0x0f;
  const length = isNew ? newLength(bytes, at + 1) : oldLength(bytes, at + 1, first & 0x03);
  if (length === undefined) return undefined;
  const start = at + 1 + length.octets;
  return { tag, start, end: start + length.value };
}

type Length = { readonly octets: number; readonly value: number } | undefined;

function newLength(bytes: Buffer, at: number): Length {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 192) return { octets: 1, value: first };
  if (first < 224) {
    const second = bytes[at + 1];
    return second === undefined
      ? undefined
      : { octets: 2, value: ((first - 192) << 8) + second + 192 };
  }
  // Partial lengths (224 to 254) are for data, never for keys.
  return first === 255 ? whole(bytes, at + 1, 4, 5) : undefined;
}

function oldLength(bytes: Buffer, at: number, type: number): Length {
  const octets = [1, 2, 4][type];
  return octets === undefined ? undefined : whole(bytes, at, octets, octets);
}

function whole(bytes: Buffer, at: number, size: number, octets: number): Length {
  return at + size > bytes.length ? undefined : { octets, value: bytes.readUIntBE(at, size) };
}
