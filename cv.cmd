@echo off
rem Sets up what is missing, then runs the system: cv up, cv test, cv <command>, cv python ...
rem This script only finds a Python; the rest is in tools\bootstrap.py, which POSIX shares.
setlocal
set "root=%~dp0"
for %%p in ("%CRYPTOVOLT_PYTHON%" "py -3.13" "py -3.12" "py -3.11" "python") do (
    if not "%%~p"=="" (
        %%~p -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))" >nul 2>nul
        if not errorlevel 1 (
            %%~p "%root%tools\bootstrap.py" %*
            exit /b
        )
    )
)
echo error: CryptoVolt needs Python 3.11, 3.12 or 3.13 and found none: install one from the Python website or the Store, or name it in CRYPTOVOLT_PYTHON. 1>&2
exit /b 1
