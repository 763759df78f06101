// SPDX-License-Identifier: GPL-3.0-or-later
// One of the answers that are compared: who is asked and with which settings of its own, what it says, and its figures.
// Owned by the pane; GUI thread only.
#pragma once

#include "widgets/play/session_state.h"
#include "widgets/play/token_difference.h"

#include <QPointer>
#include <QWidget>

class QToolButton;

namespace orrery::ui {

class ElidedLabel;
class GenerationRunner;
class ModelChooser;
class SamplingForm;
class TokenView;
class ToneLabel;

class SideColumn : public QWidget {
    Q_OBJECT
public:
    explicit SideColumn(EngineSession &session, QWidget *parent = nullptr);
    ~SideColumn() override;
    /// @param name "A"
    void setName(const QString &name);
    [[nodiscard]] QString name() const { return m_name; }
    void setRemovable(bool isRemovable);
    /// Settings of all, which it has where it has none of its own; the seed is always theirs.
    void setCommon(const SamplingSettings &common);
    [[nodiscard]] SamplingSettings sampling() const;
    [[nodiscard]] ComparedColumn value() const;
    void setValue(const ComparedColumn &value);

    [[nodiscard]] ModelChooser *chooser() const { return m_chooser; }
    [[nodiscard]] TokenView *view() const { return m_view; }
    [[nodiscard]] const VersionPtr &version() const { return m_version; }
    [[nodiscard]] bool isRunning() const;
    /// In place of what it said before.
    void ask(const std::string &prompt);
    /// What it said before goes: it waits for its turn.
    void wait();
    void stop();
    void showDifference(const TokenDifference &difference, const QString &partsFrom);
    void setColored(bool isColored);
    [[nodiscard]] const TokenDifference &difference() const { return m_difference; }
    [[nodiscard]] QString figuresText() const; ///< as it stands under the answer
    [[nodiscard]] QToolButton *settingsButton() const { return m_settings; }
    /// Made when it is asked for.
    SamplingForm *ownSettings();

Q_SIGNALS:
    void changed(); ///< model, settings or answer
    void tokensCame();
    void ended();
    void currentTokenChanged();
    void removeRequested();

private:
    void makeLayout();
    void showSettings();
    void showFigures();
    void openSettings();
    void showVersion();

    EngineSession &m_session;
    GenerationRunner *m_runner;
    ModelChooser *m_chooser;
    TokenView *m_view;
    ToneLabel *m_title;
    ElidedLabel *m_settingsText, *m_figures;
    ToneLabel *m_parts;
    QToolButton *m_settings, *m_remove;
    QPointer<QWidget> m_popup;
    SamplingForm *m_own = nullptr;
    SamplingSettings m_common;
    std::optional<SamplingSettings> m_sampling;
    VersionPtr m_version;
    TokenDifference m_difference;
    QString m_name, m_partsFrom;
    bool m_isWaiting = false;
};

} // namespace orrery::ui
