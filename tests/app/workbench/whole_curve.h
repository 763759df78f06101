// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a panel's model holds each step of a run once.
#pragma once

#include "widgets/curves/curves_model.h"

#include <QString>

namespace orrery::test {

/// "" when the loss has each step 1 … lastStep once, else what is wrong.
inline QString gapIn(const ui::CurvesModel &model, const QString &run, qint64 lastStep)
{
    qint64 next = 1;
    for (const SeriesBucket &bucket : model.buckets(run, series::kLoss)) {
        const auto numSteps = static_cast<quint64>(bucket.lastStep - bucket.firstStep + 1);
        if (bucket.firstStep != next || bucket.numPoints != numSteps)
            return QStringLiteral("steps %1 to %2 have %3 points, expected to go on at %4")
                .arg(bucket.firstStep)
                .arg(bucket.lastStep)
                .arg(bucket.numPoints)
                .arg(next);
        next = bucket.lastStep + 1;
    }
    return next == lastStep + 1 ? QString()
                                : QStringLiteral("ends at %1, expected %2").arg(next - 1).arg(lastStep);
}

} // namespace orrery::test
