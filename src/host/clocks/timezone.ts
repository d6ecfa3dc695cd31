/**
 * `wasi:clocks/timezone`, an unstable interface of 0.2 (`clocks-timezone`): the gateway lives in UTC, whatever the
 * machine is set to, so that a guest behaves the same everywhere.
 */

interface TimezoneDisplay {
  readonly utcOffset: number;
  readonly name: string;
  readonly inDaylightSavingTime: boolean;
}

const UTC: TimezoneDisplay = { utcOffset: 0, name: "UTC", inDaylightSavingTime: false };

/** The interface `wasi:clocks/timezone`. */
export const TIMEZONE_INTERFACE = {
  // WIT display: func(when: datetime) -> timezone-display
  display: (): TimezoneDisplay => UTC,

  // WIT utc-offset: func(when: datetime) -> s32
  utcOffset: (): number => UTC.utcOffset,
};
