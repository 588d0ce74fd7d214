import { expect, test } from "bun:test";
import fc from "fast-check";
import { amountOf, rateOf, toPico, toUsd } from "../../src/pricing/money.ts";

test.each([
  [0n, "0"],
  [1n, "0.000000000001"],
  [1_000_000_000_000n, "1"],
  [1_500_000_000_000n, "1.5"],
  [10_000_000_000_000n, "10"],
  [2_031_250_000n, "0.00203125"],
  [-250_000_000_000n, "-0.25"],
  [112_589_990_684_262_387_500_000n, "112589990684.2623875"],
])("%p pico-dollars are %s USD", (pico, usd) => {
  expect(toUsd(pico)).toBe(usd);
  expect(toPico(usd)).toBe(pico);
});

test("any amount is written without an exponent and read back", () => {
  fc.assert(
    fc.property(fc.bigInt(), (pico) => {
      const usd = toUsd(pico);
      expect(usd).toMatch(/^-?(0|[1-9]\d*)(\.\d*[1-9])?$/);
      expect(toPico(usd)).toBe(pico);
    }),
  );
});

test.each(["", " 1", "1.", ".5", "1,5", "0x10", "NaN", "Infinity", "1e", "--1"])(
  "%p is no decimal",
  (text) => {
    expect(() => toPico(text)).toThrow("not a decimal");
    expect(() => rateOf(text, 6)).toThrow("not a decimal");
  },
);

test("what is finer than a pico-dollar is no amount", () => {
  expect(() => toPico("0.0000000000005")).toThrow("finer than a pico-dollar");
});

test.each([
  // Per million tokens.
  ["2.5", 6, "0.0000025"],
  ["75", 6, "0.000075"],
  ["0", 6, "0"],
  ["0.0375", 6, "0.0000000375"],
  ["0.003625", 6, "0.000000003625"],
  // As JavaScript writes small and large numbers.
  ["1e-7", 6, "0.0000000000001"],
  ["1.5e+21", 6, "1500000000000000"],
  // Per thousand searches, per image.
  ["10", 3, "0.01"],
  ["0.040", 0, "0.04"],
])("%s USD for 10^%d of them are %s each", (usd, units, unitPrice) => {
  expect(rateOf(usd, units).unitPrice).toBe(unitPrice);
});

test.each([
  // 0.5 pico-dollars a token: 0.5, 1, 1.5, 2.5 of them.
  ["0.0000005", 1, "0.000000000001"],
  ["0.0000005", 2, "0.000000000001"],
  ["0.0000005", 3, "0.000000000002"],
  ["0.0000005", 5, "0.000000000003"],
  // 0.4 and 0.8.
  ["0.0000004", 1, "0"],
  ["0.0000004", 2, "0.000000000001"],
  // A third of a dollar as a float has it: 333,333.3333333333 × 3 = 999,999.9999999999.
  [String(1 / 3), 3, "0.000001"],
])("at %s USD per million %d tokens cost %s: rounded half up, once", (usd, quantity, amount) => {
  expect(toUsd(amountOf(quantity, rateOf(usd, 6)))).toBe(amount);
});

test("an amount is the exact product, half up, for any count and any price", () => {
  const decimal = fc
    .tuple(fc.bigInt(0n, 10n ** 20n), fc.nat(18))
    .map(([digits, decimals]) => ({ digits, decimals }));
  fc.assert(
    fc.property(fc.maxSafeNat(), decimal, (quantity, { digits, decimals }) => {
      const text = digits.toString().padStart(decimals + 1, "0");
      const usd = decimals === 0 ? text : `${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
      // digits / 10^decimals USD per million = digits × 10^6 / 10^decimals pico-dollars each.
      const [over, under] = [BigInt(quantity) * digits * 10n ** 6n, 10n ** BigInt(decimals)];
      const rounded = (2n * over + under) / (2n * under);
      expect(amountOf(quantity, rateOf(usd, 6))).toBe(rounded);
    }),
  );
});
