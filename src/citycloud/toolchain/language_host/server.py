"""What the engine asks of a language host (``pulumirpc.LanguageRuntime``), answered for Python."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import grpc  # type: ignore[import-untyped]
from google.protobuf import json_format  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from pulumi.runtime.proto import language_pb2 as rpc
from pulumi.runtime.proto import language_pb2_grpc, plugin_pb2

from citycloud.toolchain.language_host import interpreter, program
from citycloud.toolchain.language_host.programs import Programs, interrupt

Context: TypeAlias = grpc.ServicerContext

VERSION = "3.259.0"
"""Of the engine that this host was written for."""

# The engine's own limit on a message, 400 MiB.
_LARGEST = 400 * 1024 * 1024


def _options(info: rpc.ProgramInfo) -> dict[str, object]:
    return dict(json_format.MessageToDict(info.options))


def _python(info: rpc.ProgramInfo) -> Path:
    return interpreter.python(Path(info.root_directory or "."), _options(info))


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine; runs each program in the Python its project names."""

    def __init__(self, engine: str, programs: Programs) -> None:
        self._engine, self._programs = engine, programs

    def Handshake(self, request: rpc.LanguageHandshakeRequest, context: Context) -> rpc.LanguageHandshakeResponse:
        self._engine = request.engine_address or self._engine
        return rpc.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Empty, context: Context) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetRequiredPlugins(
        self, request: rpc.GetRequiredPluginsRequest, context: Context
    ) -> rpc.GetRequiredPluginsResponse:
        return rpc.GetRequiredPluginsResponse(
            plugins=[
                plugin_pb2.PluginDependency(name=name, kind="resource", version=version, server=server)
                for name, version, server in interpreter.plugins(_python(request.info))
            ]
        )

    def GetRequiredPackages(
        self, request: rpc.GetRequiredPackagesRequest, context: Context
    ) -> rpc.GetRequiredPackagesResponse:
        return rpc.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(name=name, kind="resource", version=version, server=server)
                for name, version, server in interpreter.plugins(_python(request.info))
            ]
        )

    def GetProgramDependencies(
        self, request: rpc.GetProgramDependenciesRequest, context: Context
    ) -> rpc.GetProgramDependenciesResponse:
        return rpc.GetProgramDependenciesResponse(
            dependencies=[
                rpc.DependencyInfo(name=name, version=version)
                for name, version in interpreter.packages(_python(request.info))
            ]
        )

    def RuntimeOptionsPrompts(self, request: rpc.RuntimeOptionsRequest, context: Context) -> rpc.RuntimeOptionsResponse:
        return rpc.RuntimeOptionsResponse()

    def Template(self, request: rpc.TemplateRequest, context: Context) -> rpc.TemplateResponse:
        return rpc.TemplateResponse()

    def About(self, request: rpc.AboutRequest, context: Context) -> rpc.AboutResponse:
        found = _python(request.info)
        return rpc.AboutResponse(executable=str(found), version=interpreter.version(found))

    def InstallDependencies(
        self, request: rpc.InstallDependenciesRequest, context: Context
    ) -> Iterator[rpc.InstallDependenciesResponse]:
        """Nothing is installed behind anybody's back: say what is missing, if anything is."""
        try:
            _python(request.info)
        except interpreter.NoPython as fault:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(fault))
        return iter(())

    def Run(self, request: rpc.RunRequest, context: Context) -> rpc.RunResponse:
        """Run the program to its end, or until the engine cancels the call."""
        try:
            process = self._programs.start(_python(request.info), self._request(request), request.pwd)
        except (interpreter.NoPython, OSError) as fault:
            return rpc.RunResponse(error=str(fault))
        # False: the call has ended already, so nobody will call back.
        if not context.add_callback(lambda: interrupt(process)):
            interrupt(process)
        return _ended(self._programs.wait(process))

    def _request(self, request: rpc.RunRequest) -> program.Request:
        return {
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization,
            "root": request.info.root_directory,
            "parallel": request.parallel,
            "engine": self._engine,
            "monitor": request.monitor_address,
            "preview": request.dryRun,
            "config": dict(request.config),
            "secret_keys": list(request.configSecretKeys),
            "program": str(Path(request.info.program_directory) / request.info.entry_point),
            "arguments": list(request.args),
        }


def _ended(code: int) -> rpc.RunResponse:
    """What the engine is told of a program's end; ``bail`` says that the user was told already."""
    if code == 0:
        return rpc.RunResponse()
    if code == program.TOLD:
        return rpc.RunResponse(bail=True)
    why = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return rpc.RunResponse(error=f"the program {why}")


def serve(engine: str) -> tuple[grpc.Server, Programs, int]:
    """Start to answer on a free port of the loopback, for the engine at address ``engine``."""
    programs = Programs()
    options = [("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)]
    server = grpc.server(ThreadPoolExecutor(max_workers=8, thread_name_prefix="host"), options=options)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(engine, programs), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, programs, port
