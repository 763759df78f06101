// SPDX-License-Identifier: GPL-3.0-or-later
// A person chooses each token: asks the model what is likely next, takes the choice into the version, asks
// again. One version at a time. Owned by the playground; GUI thread only.
#pragma once

#include "widgets/play/generation_runner.h"

namespace orrery::ui {

class ManualSampler : public QObject {
    Q_OBJECT
public:
    explicit ManualSampler(EngineSession &session, QObject *parent = nullptr);
    /// @param request what the version answers, with the turns of a conversation; its answerIds are set here
    void begin(VersionPtr version, const GenerateRequest &request);
    [[nodiscard]] bool isActive() const { return m_version && m_version->isChosen; }
    /// The one that is or was chosen last.
    [[nodiscard]] const VersionPtr &version() const { return m_version; }
    /// What is likely next; nothing while the model is asked.
    [[nodiscard]] const std::optional<GeneratedToken> &proposal() const { return m_proposal; }
    /// Takes a candidate of the proposal. A token that ends the answer ends it.
    void pick(const TokenAlternative &chosen);
    void takeBack(); ///< the last token; its candidates are known and not asked again
    [[nodiscard]] bool canTakeBack() const { return isActive() && !m_version->tokens.empty(); }
    /// Ends the choosing. The version stays as it is.
    void end();
    /// What lets the model go on by itself behind the tokens that were chosen.
    [[nodiscard]] GenerateRequest requestBehind(const SamplingSettings &sampling) const;

Q_SIGNALS:
    void proposed();
    void picked(const std::vector<orrery::GeneratedToken> &tokens); ///< one; it is in the version
    void tookBack();
    void ended(); ///< by a choice, by end() or by an error, which is in the version

private:
    void ask();
    void send();
    void takeAnswer();

    GenerationRunner *m_runner;
    VersionPtr m_version, m_question; ///< what is asked is a version of its own that nobody sees
    GenerateRequest m_request;
    std::optional<GeneratedToken> m_proposal;
    int m_numTries = 0;
    bool m_isAsking = false;
};

} // namespace orrery::ui
