// SPDX-License-Identifier: GPL-3.0-or-later
// A playground on a scripted engine, shared by its tests.
#pragma once

#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"

#include "widgets/play/model_chooser.h"
#include "widgets/play/playground_panel.h"

#include <QComboBox>
#include <QPlainTextEdit>

namespace orrery::ui {

inline std::vector<GeneratedToken> tokensOf(const std::string &text)
{
    std::vector<GeneratedToken> tokens;
    for (char byte : text) {
        GeneratedToken token;
        token.id = static_cast<uint8_t>(byte);
        token.bytes = std::string(1, byte);
        token.probability = 0.43;
        token.entropy = 1.25;
        token.alternatives = {{token.id, token.bytes, 0.43}, {'z', "z", 0.2}};
        tokens.push_back(token);
    }
    return tokens;
}

inline GenerateSummary summaryOf(FinishReason reason)
{
    GenerateSummary summary;
    summary.reason = reason;
    summary.promptTokens = 12;
    summary.promptSeconds = 0.034;
    summary.generatedTokens = 4;
    summary.decodeSeconds = 0.04;
    return summary;
}

/// A session with one trained run and a playground that has a prompt.
struct Setup {
    Setup()
    {
        CheckpointInfo first, second;
        first.step = 4'000;
        second.step = 8'000;
        second.valLoss = 1.538;
        second.isBest = true;
        session.checkpoints[QStringLiteral("code")] = {first, second};
        session.runList = {fakeRun("code")};
        panel = std::make_unique<PlaygroundPanel>(session);
        panel->resize(1000, 700);
        panel->show();
        panel->promptEditor()->setPlainText(QStringLiteral("Hello"));
    }
    /// The run has trained on.
    void saveCheckpoint(int64_t step)
    {
        CheckpointInfo newest;
        newest.step = step;
        session.checkpoints[QStringLiteral("code")].push_back(newest);
        RunStatus status = session.runList.front();
        status.lastCheckpointStep = step;
        session.setRuns({status});
        const QComboBox *steps = panel->chooser()->stepBox();
        if (!QTest::qWaitFor([&] { return steps->findData(static_cast<qlonglong>(step)) >= 0; }))
            qFatal("the step is not listed");
    }
    FakeGeneration &generation() { return *session.generations.back().handle; }
    FakeSession session;
    std::unique_ptr<PlaygroundPanel> panel;
};

} // namespace orrery::ui
