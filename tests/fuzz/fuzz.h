/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz.h – the one function each fuzz_NAME.c gives, for libFuzzer or
 * replay.c.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Feeds @data to the parser and asserts what must hold of any answer. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
