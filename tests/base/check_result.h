// SPDX-License-Identifier: Apache-2.0
// Checks of Results that print the error's text when they fail.
#pragma once

#include "core/base/result.h"

#include <QtTest>
#include <string>

inline QString qtext(const std::string &text) { return QString::fromStdString(text); }

template <typename T> QString errorText(const orrery::Result<T> &result)
{
    return result.ok() ? QStringLiteral("(no error)") : qtext(result.error().text());
}

#define VERIFY_OK(expression)                                                                                \
    do {                                                                                                     \
        const auto &checkedResult = (expression);                                                            \
        QVERIFY2(checkedResult.ok(), qPrintable(errorText(checkedResult)));                                  \
    } while (false)

/// The error has this code and its text names this.
#define VERIFY_ERROR(expression, expectedCode, fragment)                                                     \
    do {                                                                                                     \
        const auto &checkedResult = (expression);                                                            \
        QVERIFY2(!checkedResult.ok(), "no error was given");                                                 \
        QCOMPARE(orrery::errorCodeName(checkedResult.error().code), orrery::errorCodeName(expectedCode));    \
        QVERIFY2(errorText(checkedResult).contains(QString::fromUtf8(fragment)),                             \
                 qPrintable(errorText(checkedResult)));                                                      \
    } while (false)
