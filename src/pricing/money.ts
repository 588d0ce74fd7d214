/**
 * Money is a whole number of pico-dollars (10^-12 USD) as a bigint, so no float is rounded or summed. A
 * dollar per million tokens is 10^6 pico-dollars per token, so prices with up to six decimals are whole;
 * finer prices are kept exactly and rounded once, in the amount of a line.
 */

/** `digits` × 10^`exponent`, exact. */
interface Decimal {
  digits: bigint;
  exponent: number;
}

const decimalPattern = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;
const picoExponent = -12;

function parseDecimal(text: string): Decimal {
  const match = decimalPattern.exec(text);
  if (!match) throw new Error(`not a decimal: ${text}`);
  const [, sign, whole, fraction = "", exponent = "0"] = match;
  const digits = BigInt(whole! + fraction);
  return { digits: sign ? -digits : digits, exponent: Number(exponent) - fraction.length };
}

/** Without an exponent or trailing zeros. */
function formatDecimal({ digits, exponent }: Decimal): string {
  if (digits < 0n) return `-${formatDecimal({ digits: -digits, exponent })}`;
  if (exponent >= 0) return (digits * 10n ** BigInt(exponent)).toString();
  const text = digits.toString().padStart(1 - exponent, "0");
  const fraction = text.slice(exponent).replace(/0+$/, "");
  const whole = text.slice(0, exponent);
  return fraction ? `${whole}.${fraction}` : whole;
}

export function toUsd(pico: bigint): string {
  return formatDecimal({ digits: pico, exponent: picoExponent });
}

/** The inverse of `toUsd`. @throws for amounts finer than a pico-dollar. */
export function toPico(usd: string): bigint {
  const { digits, exponent } = parseDecimal(usd);
  const shift = exponent - picoExponent;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  if (digits % divisor !== 0n) throw new Error(`finer than a pico-dollar: ${usd}`);
  return digits / divisor;
}

/** The price of one token, image, search or request. */
export interface Rate {
  /** USD, an exact decimal. */
  unitPrice: string;
  /** Pico-dollars as a fraction; `divisor` is a power of ten, nearly always 1. */
  pico: bigint;
  divisor: bigint;
}

/** @param units the power of ten that the price is for: 6 for a price per million. */
export function rateOf(usd: string, units: number): Rate {
  const { digits, exponent } = parseDecimal(usd);
  const shift = exponent - units - picoExponent;
  let pico = shift > 0 ? digits * 10n ** BigInt(shift) : digits;
  let divisor = shift < 0 ? 10n ** BigInt(-shift) : 1n;
  while (divisor > 1n && pico % 10n === 0n) {
    pico /= 10n;
    divisor /= 10n;
  }
  return { unitPrice: formatDecimal({ digits, exponent: exponent - units }), pico, divisor };
}

/**
 * Quantity × rate, rounded half up to a pico-dollar. Numbers would be exact for most lines and save 15 ns
 * of 60: 0.1 % of a core at 20,000 calls per second.
 */
export function amountOf(quantity: number, { pico, divisor }: Rate): bigint {
  const product = BigInt(quantity) * pico;
  return divisor === 1n ? product : (product + divisor / 2n) / divisor;
}
