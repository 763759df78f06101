// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/manual_sampler.h"

#include "widgets/play/branching.h"

#include <algorithm>
#include <utility>

namespace orrery::ui {
namespace {

constexpr int32_t kNumCandidates = 30;
constexpr int kMaxTries = 4;
/// The candidates are the same at any temperature, but a draw that ends the text brings none: the hotter, the
/// rarer that is.
constexpr double kAskingTemperature = 10;

} // namespace

ManualSampler::ManualSampler(EngineSession &session, QObject *parent)
    : QObject(parent), m_runner(new GenerationRunner(session, this))
{
    connect(m_runner, &GenerationRunner::changed, this, [this] {
        if (isActive() && m_question->info) m_version->info = m_question->info;
    });
    connect(m_runner, &GenerationRunner::ended, this, &ManualSampler::takeAnswer);
}

void ManualSampler::begin(VersionPtr version, const GenerateRequest &request)
{
    end();
    m_version = std::move(version);
    m_request = request;
    m_version->isRunning = true;
    m_version->isChosen = true;
    ask();
}

void ManualSampler::ask()
{
    m_proposal.reset();
    m_numTries = 0;
    send();
}

void ManualSampler::send()
{
    if (!isActive()) return;
    m_question = std::make_shared<GenerationVersion>();
    m_question->model = loadedModel(*m_version); // all tokens of one step
    GenerateRequest request = m_request;
    request.answerIds = tokenIds(*m_version, m_version->tokens.size());
    request.sampling = {.maxTokens = 1,
                        .temperature = kAskingTemperature,
                        .seed = static_cast<uint64_t>(m_numTries),
                        .numAlternatives = kNumCandidates};
    ++m_numTries;
    m_isAsking = true;
    m_runner->start(m_question, request);
}

void ManualSampler::takeAnswer()
{
    if (!isActive() || !std::exchange(m_isAsking, false)) return;
    if (m_question->info) m_version->info = m_question->info;
    if (m_question->summary) {
        m_version->summary = GenerateSummary{};
        m_version->summary->promptTokens = m_question->summary->promptTokens;
    }
    if (!m_question->tokens.empty()) {
        m_proposal = m_question->tokens.back();
        // They are those of the asking; what a person takes has none.
        m_proposal->chance = 0;
        for (TokenAlternative &one : m_proposal->alternatives) one.chance = 0;
        Q_EMIT proposed();
    } else if (m_question->error) {
        m_version->error = m_question->error;
        end();
    } else if (m_numTries < kMaxTries) {
        // The generation that ended is still in the middle of telling us.
        QMetaObject::invokeMethod(this, &ManualSampler::send, Qt::QueuedConnection);
    } else {
        m_version->error =
            Error{ErrorCode::Unavailable,
                  tr("Cannot choose token %1: the model ended the text %2 times, expected candidates.")
                      .arg(m_version->tokens.size())
                      .arg(m_numTries)
                      .toStdString(),
                  tr("The text is likely at its end. Branch at an earlier token, or let the model go on.")
                      .toStdString()};
        end();
    }
}

void ManualSampler::pick(const TokenAlternative &chosen)
{
    if (!isActive() || !m_proposal) return;
    if (isEndToken(chosen, *m_version)) {
        endAsChosen(*m_version, chosen);
        m_proposal.reset();
        Q_EMIT ended();
        return;
    }
    const GeneratedToken token = chosenToken(*m_proposal, chosen);
    m_version->tokens.push_back(token);
    m_proposal.reset();
    Q_EMIT picked({token});
    ask();
}

void ManualSampler::takeBack()
{
    if (!canTakeBack()) return;
    // An answer that is still on its way is to a question that nobody has any more.
    m_isAsking = false;
    m_runner->stop();
    m_proposal = m_version->tokens.back();
    m_version->tokens.pop_back();
    if (m_version->request.answerIds.size() > m_version->tokens.size())
        m_version->request.answerIds.resize(m_version->tokens.size());
    m_version->partsAt = std::min(m_version->partsAt, static_cast<int>(m_version->tokens.size()));
    Q_EMIT tookBack();
    Q_EMIT proposed();
}

void ManualSampler::end()
{
    if (!isActive()) return;
    m_version->isChosen = false;
    m_version->isRunning = false;
    m_proposal.reset();
    m_isAsking = false;
    m_runner->stop();
    Q_EMIT ended();
}

GenerateRequest ManualSampler::requestBehind(const SamplingSettings &sampling) const
{
    GenerateRequest request = m_request;
    request.answerIds = tokenIds(*m_version, m_version->tokens.size());
    request.sampling = sampling;
    return request;
}

} // namespace orrery::ui
