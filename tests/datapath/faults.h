/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Calls of bpf(2) that fail when a test wants it. */
#ifndef TESTS_DATAPATH_FAULTS_H
#define TESTS_DATAPATH_FAULTS_H

/* From now on the calls number `first` (from 1) to first + count - 1 fail with EMFILE. */
void faults_begin(unsigned first, unsigned count);
/* None fail any more. Returns how many calls there were; fewer than `first`: none has failed. */
unsigned faults_end(void);

#endif
