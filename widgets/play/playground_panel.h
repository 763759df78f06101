// SPDX-License-Identifier: GPL-3.0-or-later
// Talking to a model: choose it, write a prompt, watch the tokens come with their probabilities, look at the
// alternatives, keep every version. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/session/engine_session.h"

#include <QElapsedTimer>

#include <memory>
#include <optional>
#include <vector>

class QPlainTextEdit;
class QPushButton;
class QStackedWidget;
class QToolButton;

namespace orrery::ui {

class Banner;
class CandidateView;
class ElidedLabel;
class EmptyState;
class ModelChooser;
class SamplingForm;
class SegmentedChoice;
class TokenView;
class ToneLabel;

/// One generation, kept to go back to.
struct GenerationVersion {
    QString model, modelTitle;
    GenerateRequest request;
    std::optional<ModelInfoValue> info;
    std::vector<GeneratedToken> tokens;
    std::optional<GenerateSummary> summary;
    std::optional<Error> error;
    bool isRunning = false;
    double secondsToFirst = -1, seconds = 0; ///< by this window's clock
};

class PlaygroundPanel : public PanelFrame {
    Q_OBJECT
public:
    explicit PlaygroundPanel(EngineSession &session, QWidget *parent = nullptr);
    ~PlaygroundPanel() override;
    void setRun(const QString &run);
    /// "run@step", run id or model directory.
    void setModel(const QString &model);
    [[nodiscard]] QString model() const;
    [[nodiscard]] bool isGenerating() const { return m_handle != nullptr && m_running >= 0; }
    [[nodiscard]] int numVersions() const { return static_cast<int>(m_versions.size()); }
    [[nodiscard]] int currentVersion() const { return m_shown; }
    void showVersion(int index);
    [[nodiscard]] QString command() const; ///< what "Copy as command" copies
    [[nodiscard]] QString draftJson() const;
    void restoreDraft(const QString &json);

    [[nodiscard]] TokenView *transcript() const { return m_view; }
    [[nodiscard]] CandidateView *candidates() const { return m_candidates; }
    [[nodiscard]] SamplingForm *sampling() const { return m_sampling; }
    [[nodiscard]] ModelChooser *chooser() const { return m_chooser; }
    [[nodiscard]] QPlainTextEdit *promptEditor() const { return m_prompt; }
    /// Text behind the hole; only there in infill mode.
    [[nodiscard]] QPlainTextEdit *afterEditor() const { return m_after; }
    [[nodiscard]] SegmentedChoice *modeChoice() const { return m_mode; }
    [[nodiscard]] bool isInfill() const;
    void setInfill(bool isInfill);
    [[nodiscard]] Banner *noteBanner() const { return m_note; }
    [[nodiscard]] QString statusText() const;

public Q_SLOTS:
    void generate();
    void stop();
    /// The shown version's prompt and model again, with another seed.
    void regenerate();

Q_SIGNALS:
    void newRunRequested();
    void draftChanged();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QWidget *makeTranscript();
    QWidget *makeComposer();
    QWidget *makeComposerText(ToneLabel *&label, QPlainTextEdit *&editor, const char *name);
    QWidget *makeSide();
    QWidget *makeToolRow();
    void makeShortcuts();
    void startGeneration(QString model, QString title,
                         GenerateRequest request); ///< by value: may come from a version
    void connectHandle();
    void endGeneration();
    void takeTokens(const std::vector<GeneratedToken> &tokens);
    void showCurrent();
    void showMode();
    void updateState();
    void updateStatus();
    [[nodiscard]] GenerateRequest request() const;
    [[nodiscard]] const GenerationVersion *shown() const;

    EngineSession &m_session;
    ModelChooser *m_chooser;
    Banner *m_note;
    QStackedWidget *m_stack;
    EmptyState *m_noModel;
    TokenView *m_view;
    CandidateView *m_candidates;
    SamplingForm *m_sampling;
    SegmentedChoice *m_mode;
    QPlainTextEdit *m_prompt, *m_after;
    ToneLabel *m_promptLabel, *m_afterLabel;
    QWidget *m_afterBox;
    QPushButton *m_generate, *m_stop;
    QToolButton *m_regenerate, *m_copy, *m_copyCommand, *m_color, *m_earlier, *m_later;
    QWidget *m_legend;
    ToneLabel *m_versionLabel;
    ElidedLabel *m_status;
    std::vector<GenerationVersion> m_versions;
    std::unique_ptr<GenerationHandle> m_handle;
    QElapsedTimer m_clock;
    int m_shown = -1, m_running = -1;
};

} // namespace orrery::ui
