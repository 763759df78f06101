// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/playground_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/model_chooser.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/token_view.h"
#include "widgets/theme/theme.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QKeyEvent>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QStackedWidget>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr size_t kMaxVersions = 50;
constexpr double kMinSecondsForSpeed = 0.02; // a shorter time says nothing about speed

QString finishText(const GenerateSummary &summary)
{
    switch (summary.reason) {
    case FinishReason::EndOfText:
        return PlaygroundPanel::tr("the model ended the text");
    case FinishReason::MaxTokens:
        return PlaygroundPanel::tr("max tokens reached");
    case FinishReason::Cancelled:
        return PlaygroundPanel::tr("stopped");
    case FinishReason::EndOfInfill:
        return PlaygroundPanel::tr("the model closed the hole");
    case FinishReason::EndOfTurn:
        return PlaygroundPanel::tr("the model ended its turn");
    case FinishReason::Unknown:
        break;
    }
    return PlaygroundPanel::tr("ended");
}

/// "code-7M, step 7,000 instead of 8,000": what was loaded, as the engine tells.
QString modelText(const GenerationVersion &version)
{
    const qsizetype at = version.model.contains(u'/') ? -1 : version.model.lastIndexOf(u'@');
    const qint64 asked = at < 0 ? -1 : version.model.mid(at + 1).toLongLong();
    const qint64 loaded = version.info ? version.info->step : -1;
    const qint64 step = loaded >= 0 ? loaded : asked;
    if (step < 0) return version.modelTitle;
    QString text = PlaygroundPanel::tr("%1, step %2").arg(version.modelTitle, integerText(step));
    if (asked >= 0 && loaded >= 0 && asked != loaded)
        text = PlaygroundPanel::tr("%1 instead of %2").arg(text, integerText(asked));
    return text;
}

} // namespace

PlaygroundPanel::~PlaygroundPanel() = default;

void PlaygroundPanel::setRun(const QString &run) { m_chooser->setRun(run); }

void PlaygroundPanel::setModel(const QString &model)
{
    m_chooser->setModel(model);
    m_prompt->setFocus(Qt::OtherFocusReason);
}

QString PlaygroundPanel::model() const { return m_chooser->model(); }

const GenerationVersion *PlaygroundPanel::shown() const
{
    return m_shown < 0 ? nullptr : &m_versions[static_cast<size_t>(m_shown)];
}

GenerateRequest PlaygroundPanel::request() const
{
    GenerateRequest request;
    request.prompt = toStd(m_prompt->toPlainText());
    request.sampling = m_sampling->settings();
    if (isInfill()) request.infill = toStd(m_after->toPlainText());
    return request;
}

bool PlaygroundPanel::isInfill() const { return m_mode->current() == u"infill"; }

void PlaygroundPanel::setInfill(bool isInfill)
{
    if (isInfill == this->isInfill()) return;
    m_mode->setCurrent(isInfill ? u"infill"_s : u"continue"_s);
    showMode();
    updateState();
    Q_EMIT draftChanged();
}

void PlaygroundPanel::showMode()
{
    const bool isHole = isInfill();
    m_afterBox->setVisible(isHole);
    m_promptLabel->setVisible(isHole);
    m_promptLabel->setText(tr("Text before the hole"));
    m_afterLabel->setText(tr("Text after the hole"));
    m_prompt->setAccessibleName(isHole ? m_promptLabel->text() : tr("Prompt"));
    m_after->setAccessibleName(m_afterLabel->text());
    m_prompt->setPlaceholderText(isHole ? tr("What stands before the hole.")
                                        : tr("Write a prompt. The model continues it."));
    m_after->setPlaceholderText(tr("What stands behind it. The model writes what is missing."));
}

QString PlaygroundPanel::command() const
{
    // What is shown, as long as it is what the composer would do; else what Generate would do now.
    return generateCommand(m_chooser->model(), request());
}

void PlaygroundPanel::generate()
{
    if (!m_generate->isEnabled() || isGenerating()) return;
    startGeneration(m_chooser->model(), m_chooser->modelTitle(), request());
}

void PlaygroundPanel::regenerate()
{
    const GenerationVersion *version = shown();
    if (!version || isGenerating()) return;
    m_sampling->rollSeed();
    GenerateRequest again = version->request;
    again.sampling = m_sampling->settings();
    startGeneration(version->model, version->modelTitle, again);
}

void PlaygroundPanel::startGeneration(QString model, QString title, GenerateRequest request)
{
    banner()->clear();
    m_handle.reset();
    if (m_versions.size() >= kMaxVersions) m_versions.erase(m_versions.begin());
    GenerationVersion version;
    version.model = model;
    version.modelTitle = std::move(title);
    version.request = request;
    version.isRunning = true;
    m_versions.push_back(std::move(version));
    m_running = numVersions() - 1;
    m_clock.start();
    m_handle = m_session.generate(model, request);
    if (m_handle) {
        connectHandle();
    } else {
        m_versions.back().error =
            Error{ErrorCode::Unavailable, "Cannot generate: the engine is not connected.",
                  "Retry when it is back."};
        endGeneration();
    }
    showVersion(numVersions() - 1);
}

void PlaygroundPanel::connectHandle()
{
    connect(m_handle.get(), &GenerationHandle::modelLoaded, this, [this](const ModelInfoValue &info) {
        if (m_running < 0) return;
        m_versions[static_cast<size_t>(m_running)].info = info;
        if (m_running == m_shown) updateState();
    });
    connect(m_handle.get(), &GenerationHandle::tokens, this, &PlaygroundPanel::takeTokens);
    connect(m_handle.get(), &GenerationHandle::finished, this, [this](const GenerateSummary &summary) {
        // After a stop only the summary is still taken.
        const int index = m_running >= 0 ? m_running : numVersions() - 1;
        if (index < 0) return;
        m_versions[static_cast<size_t>(index)].summary = summary;
        endGeneration();
    });
    connect(m_handle.get(), &GenerationHandle::failed, this, [this](const Error &error) {
        if (m_running >= 0 && error.code != ErrorCode::Cancelled)
            m_versions[static_cast<size_t>(m_running)].error = error;
        endGeneration();
    });
}

void PlaygroundPanel::takeTokens(const std::vector<GeneratedToken> &tokens)
{
    if (m_running < 0) return;
    GenerationVersion &version = m_versions[static_cast<size_t>(m_running)];
    if (version.tokens.empty()) version.secondsToFirst = static_cast<double>(m_clock.nsecsElapsed()) / 1e9;
    version.tokens.insert(version.tokens.end(), tokens.begin(), tokens.end());
    version.seconds = static_cast<double>(m_clock.nsecsElapsed()) / 1e9;
    if (m_running != m_shown) return;
    m_view->appendTokens(tokens);
    updateStatus();
}

void PlaygroundPanel::endGeneration()
{
    if (m_running >= 0) {
        GenerationVersion &version = m_versions[static_cast<size_t>(m_running)];
        version.isRunning = false;
        if (m_running == m_shown) {
            m_view->finish();
            if (version.error) banner()->showError(*version.error, tr("Try again"));
        }
    }
    m_running = -1;
    // The handle is in the middle of telling us; it goes when the next one starts.
    updateState();
}

void PlaygroundPanel::stop()
{
    if (!isGenerating()) return;
    m_handle->cancel();
    if (m_running >= 0) { // cancel() may have ended it already
        GenerateSummary stopped;
        stopped.reason = FinishReason::Cancelled;
        GenerationVersion &version = m_versions[static_cast<size_t>(m_running)];
        stopped.generatedTokens = static_cast<int64_t>(version.tokens.size());
        stopped.decodeSeconds = std::max(0.0, version.seconds - std::max(0.0, version.secondsToFirst));
        stopped.promptSeconds = std::max(0.0, version.secondsToFirst);
        version.summary = stopped;
        endGeneration();
    }
}

void PlaygroundPanel::showVersion(int index)
{
    if (index < 0 || index >= numVersions()) return;
    m_shown = index;
    const GenerationVersion &version = *shown();
    m_view->setPrompt(version.request.prompt);
    if (version.request.infill) m_view->setSuffix(*version.request.infill);
    m_view->appendTokens(version.tokens);
    if (!version.isRunning) m_view->finish();
    if (version.error)
        banner()->showError(*version.error, tr("Try again"));
    else
        banner()->clear();
    updateState();
}

void PlaygroundPanel::showCurrent()
{
    const int token = m_view->currentToken();
    const GenerationVersion *version = shown();
    std::optional<GeneratedToken> value;
    if (version && token >= 0 && token < static_cast<int>(version->tokens.size()))
        value = version->tokens[static_cast<size_t>(token)];
    m_candidates->showToken(token, value, m_view->isLocked());
}

void PlaygroundPanel::updateState()
{
    const GenerationVersion *version = shown();
    const bool isConnected = m_session.connectionState() == ConnectionState::Connected;
    const bool hasModel = !m_chooser->model().isEmpty();
    m_stack->setCurrentIndex(version || hasModel ? 0 : 1);
    m_generate->setEnabled(isConnected && hasModel && !isGenerating());
    QString tip = isInfill() ? tr("Fills the hole (Ctrl+Enter)") : tr("Continues the prompt (Ctrl+Enter)");
    if (!isConnected)
        tip = tr("The engine is not connected.");
    else if (!hasModel)
        tip = tr("Choose a run or a model first.");
    m_generate->setToolTip(tip);
    m_generate->setText(isGenerating() ? tr("Generating …") : tr("Generate"));
    m_stop->setEnabled(isGenerating());
    m_prompt->setEnabled(hasModel);
    m_after->setEnabled(hasModel);
    m_regenerate->setEnabled(version && isConnected && !isGenerating());
    m_copy->setEnabled(version != nullptr);
    m_copyCommand->setEnabled(hasModel);
    m_earlier->setEnabled(m_shown > 0);
    m_later->setEnabled(m_shown >= 0 && m_shown + 1 < numVersions());
    m_versionLabel->setText(version ? tr("%1 of %2").arg(m_shown + 1).arg(numVersions()) : QString());
    m_versionLabel->setAccessibleName(version ? tr("Version %1 of %2").arg(m_shown + 1).arg(numVersions())
                                              : QString());
    const QString note = version && version->info ? version->info->note : QString();
    if (note.isEmpty())
        m_note->clear();
    else
        m_note->showMessage(BannerKind::Warning, note);
    updateStatus();
}

QString PlaygroundPanel::statusText() const { return m_status->fullText(); }

void PlaygroundPanel::updateStatus()
{
    const GenerationVersion *version = shown();
    if (!version) {
        m_status->setFullText(m_chooser->model().isEmpty() ? QString()
                                                           : tr("The answer appears above, token by token."));
        return;
    }
    QStringList parts;
    parts << modelText(*version);
    if (version->info && version->info->numParameters > 0)
        parts << tr("%1 parameters").arg(countText(static_cast<double>(version->info->numParameters)));
    const auto numTokens = static_cast<int64_t>(version->tokens.size());
    if (version->isRunning && numTokens == 0)
        parts << (version->info ? tr("reading the prompt …") : tr("loading the model …"));
    else
        parts << (numTokens == 1 ? tr("1 token") : tr("%1 tokens").arg(integerText(numTokens)));
    const double decode =
        version->summary ? version->summary->decodeSeconds : version->seconds - version->secondsToFirst;
    if (numTokens > 1 && decode >= kMinSecondsForSpeed)
        parts << speedText(static_cast<double>(numTokens) / decode);
    if (version->summary && version->summary->promptTokens > 0)
        parts << tr("prompt of %1 read in %2 s")
                     .arg(integerText(version->summary->promptTokens),
                          significantText(version->summary->promptSeconds, 2));
    parts << tr("seed %1").arg(version->request.sampling.seed);
    if (version->error)
        parts << tr("failed");
    else if (version->summary)
        parts << finishText(*version->summary);
    else if (version->isRunning && numTokens > 0)
        parts << tr("generating …");
    m_status->setFullText(parts.join(u"  ·  "_s));
}

QString PlaygroundPanel::draftJson() const
{
    const SamplingSettings sampling = m_sampling->settings();
    const QJsonObject draft{{u"version"_s, 1},
                            {u"prompt"_s, m_prompt->toPlainText()},
                            {u"is_infill"_s, isInfill()},
                            {u"after"_s, m_after->toPlainText()},
                            {u"model"_s, m_chooser->model()},
                            {u"temperature"_s, sampling.temperature},
                            {u"top_k"_s, static_cast<qint64>(sampling.topK)},
                            {u"top_p"_s, sampling.topP},
                            {u"max_tokens"_s, static_cast<qint64>(sampling.maxTokens)},
                            {u"seed"_s, QString::number(sampling.seed)},
                            {u"is_colored"_s, m_view->isColored()}};
    return QString::fromUtf8(QJsonDocument(draft).toJson(QJsonDocument::Compact));
}

void PlaygroundPanel::restoreDraft(const QString &json)
{
    const QJsonObject draft = QJsonDocument::fromJson(json.toUtf8()).object();
    if (draft.isEmpty()) return;
    SamplingSettings sampling;
    sampling.temperature = draft.value("temperature"_L1).toDouble(sampling.temperature);
    sampling.topK = draft.value("top_k"_L1).toInteger(sampling.topK);
    sampling.topP = draft.value("top_p"_L1).toDouble(sampling.topP);
    sampling.maxTokens = draft.value("max_tokens"_L1).toInteger(sampling.maxTokens);
    sampling.seed = draft.value("seed"_L1).toString().toULongLong();
    m_sampling->setSettings(sampling);
    m_prompt->setPlainText(draft.value("prompt"_L1).toString());
    m_after->setPlainText(draft.value("after"_L1).toString());
    setInfill(draft.value("is_infill"_L1).toBool());
    m_color->setChecked(draft.value("is_colored"_L1).toBool());
    m_chooser->setModel(draft.value("model"_L1).toString());
}

bool PlaygroundPanel::eventFilter(QObject *watched, QEvent *event)
{
    // The arrows between versions also answer to the arrow keys.
    if ((watched == m_earlier || watched == m_later) && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent *>(event)->key();
        if (key == Qt::Key_Left || key == Qt::Key_Right) {
            showVersion(m_shown + (key == Qt::Key_Left ? -1 : 1));
            return true;
        }
    }
    return PanelFrame::eventFilter(watched, event);
}

} // namespace orrery::ui
