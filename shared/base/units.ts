/**
 * Units as types. All quantities are integers; the type says which unit, so that millivolts cannot be passed
 * for milliamperes by mistake. Plain numbers stay assignable, so literals and arithmetic need no casts.
 */
declare const unit: unique symbol;
type Unit<Name extends string> = number & { readonly [unit]?: Name };

export type MilliVolt = Unit<"mV">;
export type MilliAmp = Unit<"mA">;
export type MilliWatt = Unit<"mW">;
export type MilliHertz = Unit<"mHz">;
export type WattHour = Unit<"Wh">;
export type MilliCelsius = Unit<"m°C">;
/** Hundredths of a percent of relative humidity. */
export type CentiPercent = Unit<"0.01 %RH">;
export type UnixSeconds = Unit<"s since 1970">;
export type UnixMillis = Unit<"ms since 1970">;
/** 1e-9 of the currency's main unit per kWh, day, month or kW. */
export type Nano = Unit<"1e-9 currency">;
