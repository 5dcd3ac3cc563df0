/* SPDX-License-Identifier: BSD-2-Clause */
/* The floating-point registers, to and from thread.fp and the two control words behind it. */

.arch_extension fp

.macro each_pair instruction
    \instruction q0, q1, [x0], 32
    \instruction q2, q3, [x0], 32
    \instruction q4, q5, [x0], 32
    \instruction q6, q7, [x0], 32
    \instruction q8, q9, [x0], 32
    \instruction q10, q11, [x0], 32
    \instruction q12, q13, [x0], 32
    \instruction q14, q15, [x0], 32
    \instruction q16, q17, [x0], 32
    \instruction q18, q19, [x0], 32
    \instruction q20, q21, [x0], 32
    \instruction q22, q23, [x0], 32
    \instruction q24, q25, [x0], 32
    \instruction q26, q27, [x0], 32
    \instruction q28, q29, [x0], 32
    \instruction q30, q31, [x0], 32
.endm

.text

.global fp_save
.type fp_save, %function
fp_save:
    each_pair stp
    mrs x1, fpcr
    mrs x2, fpsr
    stp x1, x2, [x0]
    ret
.size fp_save, . - fp_save

.global fp_load
.type fp_load, %function
fp_load:
    each_pair ldp
    ldp x1, x2, [x0]
    msr fpcr, x1
    msr fpsr, x2
    ret
.size fp_load, . - fp_load
