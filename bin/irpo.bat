@echo off
rem Runs the jar beside this script; it starts itself again with the JVM flags it needs.
setlocal
set "JAR=%~dp0..\lib\irpo.jar"
if not exist "%JAR%" set "JAR=%~dp0..\irpo\target\irpo.jar"
if not exist "%JAR%" (
  echo irpo: there is no irpo.jar; build it with mvnw.cmd -DskipTests -pl irpo -am package 1>&2
  exit /b 2
)
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java"
rem Graders of one's own: java -jar would look at no other jar.
if defined IRPO_CLASS_PATH (
  "%JAVA%" -cp "%JAR%;%IRPO_CLASS_PATH%" dev.irpo.cli.Main %*
) else (
  "%JAVA%" -jar "%JAR%" %*
)
exit /b %ERRORLEVEL%
