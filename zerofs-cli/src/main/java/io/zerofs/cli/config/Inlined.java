// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Marks a record component with keys that several sections share. The keys are in the section itself. */
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
@interface Inlined {
    /** Returns defaults of this section only, as TOML: {@code port = 2049}. */
    String value() default "";
}
