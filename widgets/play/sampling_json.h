// SPDX-License-Identifier: GPL-3.0-or-later
// Sampling settings in drafts and exports, where what is off is left out, and what came of them. Any thread.
#pragma once

#include "core/spec/generation.h"

#include <QJsonObject>
#include <QStringList>

namespace orrery::ui {

/// temperature, top_k, top_p and seed always; the others where they do something. Without max_tokens.
void insertSampling(QJsonObject &json, const SamplingSettings &sampling);
/// As insertSampling() wrote it; what is missing or out of range is off. Without max_tokens.
SamplingSettings samplingOf(const QJsonObject &json);
/// "temperature 0.8", "top-k 40" …: what is on, and the seed.
QStringList samplingWords(const SamplingSettings &sampling);

/// Whether it is known with what chance a token was drawn: an older engine does not say, and where a person
/// chose there is none.
bool hasChances(const GeneratedToken &token);

} // namespace orrery::ui
